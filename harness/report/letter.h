// SPDX-License-Identifier: GPL-2.0
// A block of "Key  text" lines for a mail: bounded lines and columns, ASCII only. Pure. Private to report.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace pinrig::report {

/// Printable ASCII; other characters become '?'.
std::string ascii(const std::string& text);

class Letter {
 public:
  static constexpr std::size_t most_columns = 72;
  static constexpr std::size_t most_lines = 14;
  static constexpr std::size_t indent = 10;                   ///< columns of the key
  static constexpr std::size_t room = most_columns - indent;  ///< of the text

  /// A text of at most `most` lines, which is cut to not fewer than `least` when there are too many lines in
  /// all: those added with the highest `rank` first.
  void add(const std::string& key, const std::string& text, std::size_t most, std::size_t least, int rank);
  /// A text for each line, not wrapped but cut.
  void add_lines(const std::string& key, const std::vector<std::string>& lines, std::size_t least, int rank);
  std::string text() const;

 private:
  struct Part {
    std::string key;
    std::vector<std::string> lines;
    std::size_t least = 1;
    int rank = 0;
  };
  std::vector<Part> parts_;
};

/// "a, b and 7 more", within `columns`; all of them when they fit.
std::string list_within(const std::vector<std::string>& words, std::size_t columns);

}  // namespace pinrig::report
