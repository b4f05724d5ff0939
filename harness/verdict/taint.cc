// SPDX-License-Identifier: GPL-2.0
#include "verdict/taint.h"

#include <fmt/format.h>

#include "verdict/evidence.h"

namespace pinrig::verdict {

std::string taint_letters(std::uint64_t bits) {
  constexpr std::string_view letters = "PFSRMBUDAWCIOELKXTNJ";
  std::string out;
  for (std::size_t i = 0; i < 64; ++i) {
    if ((bits >> i & 1U) == 0) continue;
    if (i < letters.size())
      out += letters[i];
    else
      out += fmt::format("(bit {})", i);
  }
  return out;
}

std::uint64_t unannounced_taint(std::uint64_t fresh, std::string_view output) {
  const bool announced = !marked_lines(output, announcement_mark).empty();
  return fresh & taint_of_reports & ~(announced ? taint_warn : 0);
}

}  // namespace pinrig::verdict
