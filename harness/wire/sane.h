// SPDX-License-Identifier: GPL-2.0
// Checks for messages of a guest that may be broken.
#pragma once

#include <cmath>
#include <nlohmann/json.hpp>

namespace pinrig::wire {

/// False for out-of-range numbers and deep nesting: converting a huge double to an integer is
/// undefined.
inline bool sane_numbers(const nlohmann::json& j, int depth = 0) {
  if (depth > 8) return false;
  if (j.is_number_float()) return std::abs(j.get<double>()) < 1e15;
  if (!j.is_structured()) return true;
  for (const auto& item : j) {
    if (!sane_numbers(item, depth + 1)) return false;
  }
  return true;
}

}  // namespace pinrig::wire
