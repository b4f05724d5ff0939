// SPDX-License-Identifier: GPL-2.0
// Finds the few lines of a log that can matter, in one pass over arbitrary bytes.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace pinrig::console {

/// An Aho-Corasick automaton over a fixed set of words, as one table of byte classes.
class Markers {
 public:
  explicit Markers(const std::vector<std::string_view>& words);

  /// Position of the last byte of the first word that ends in `text`; npos when there is none.
  std::size_t find(std::string_view text) const;

 private:
  static constexpr std::uint32_t hit = 1U << 31;
  std::array<std::uint8_t, 256> class_of_{};
  std::uint32_t classes_ = 1;  ///< rounded up to a power of two
  std::vector<std::uint32_t>
      next_;  ///< [state * classes_ + class]: state * classes_, with `hit` where a word ends
};

}  // namespace pinrig::console
