// SPDX-License-Identifier: GPL-2.0
// What each target defines: libFuzzer's entry point, which replay.cc calls as well.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

/// One input; returns 0.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace pinrig::fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// A property that holds for every input, whatever it is.
inline void must(bool holds) {
  if (!holds) std::abort();
}

/// Cuts `text` in pieces whose sizes depend on its own bytes, and gives them to `feed`: a parser that reads a
/// stream must not depend on where it is cut.
template <typename Feed>
void in_pieces(std::string_view text, Feed feed) {
  while (!text.empty()) {
    const std::size_t size = 1 + static_cast<unsigned char>(text.front()) * 7U % 61U;
    feed(text.substr(0, size));
    text.remove_prefix(std::min(size, text.size()));
  }
}

}  // namespace pinrig::fuzz
