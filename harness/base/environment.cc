// SPDX-License-Identifier: GPL-2.0
#include "base/environment.h"

#include <cstdlib>

namespace pinrig {

std::optional<std::string> environment(Variable variable) {
  const char* value = std::getenv(variable.name());
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

}  // namespace pinrig
