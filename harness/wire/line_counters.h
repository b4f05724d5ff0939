// SPDX-License-Identifier: GPL-2.0
// What gcov counted in one object while a test ran. Part of messages.h; all of it in this header, because the
// agent is compiled with no other file of the harness than frame.cc.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wire/fields.h"

namespace pinrig::wire {

/// Only on the results port, one for each object, between a test's output and its end; kernels that were
/// built with gcov send it. It is as large as an object's counters, and no reply. Objects that are not part
/// of the running kernel, such as those of a module that is not loaded, have none.
struct LineCounters {
  std::string type = "line_counters";
  std::uint32_t id = 0;  ///< of the test
  std::string object;    ///< path of its .gcda below /sys/kernel/debug/gcov
  std::string data;      ///< pack() of the .gcda; empty: longer than a frame
};
PINRIG_MESSAGE(LineCounters, type, id, object, data)

namespace detail {
inline constexpr std::string_view hex_digits = "0123456789abcdef";
// A shorter run takes less room as digits.
inline constexpr std::size_t shortest_zero_run = 3;

inline std::optional<char> byte_at(std::string_view text) {
  if (text.size() < 2) return std::nullopt;
  const auto high = hex_digits.find(text[0]);
  const auto low = hex_digits.find(text[1]);
  if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
  return static_cast<char>(high << 4 | low);
}
}  // namespace detail

/// Bytes as text: two hex digits each, runs of zeros, which counters mostly are, as "z12.".
inline std::string pack(std::string_view bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size();) {
    std::size_t end = bytes.find_first_not_of('\0', i);
    if (end == std::string_view::npos) end = bytes.size();
    if (end - i >= detail::shortest_zero_run) {
      out += 'z' + std::to_string(end - i) + '.';
      i = end;
      continue;
    }
    const auto byte = static_cast<unsigned char>(bytes[i++]);
    out += detail::hex_digits[byte >> 4];
    out += detail::hex_digits[byte & 15];
  }
  return out;
}

/// The reverse; nothing when it is not the text of at most `limit` bytes.
inline std::optional<std::string> unpack(std::string_view text, std::size_t limit) {
  std::string out;
  while (!text.empty()) {
    if (text.front() != 'z') {
      const auto byte = detail::byte_at(text);
      if (!byte || out.size() == limit) return std::nullopt;
      out += *byte;
      text.remove_prefix(2);
      continue;
    }
    std::size_t zeros = 0;
    const char* const stop = text.data() + text.size();
    const auto [end, ec] = std::from_chars(text.data() + 1, stop, zeros);
    if (ec != std::errc() || end == stop || *end != '.' || zeros > limit - out.size()) return std::nullopt;
    out.append(zeros, '\0');
    text.remove_prefix(static_cast<std::size_t>(end + 1 - text.data()));
  }
  return out;
}

}  // namespace pinrig::wire
