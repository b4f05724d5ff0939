// SPDX-License-Identifier: GPL-2.0
// Text for terminals: colour, width, wrapping. Private to report.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/report.h"

namespace pinrig::report {

/// Makes untrusted text printable: control characters (a guest could drive the terminal with them)
/// become "\xNN", invalid UTF-8 becomes U+FFFD. Tabs and line ends become spaces.
std::string clean(std::string_view text);

/// Columns that a text takes: code points without colour sequences.
std::size_t width_of(std::string_view text);
/// Padded with spaces to `width` columns; longer text stays as it is.
std::string pad(const std::string& text, std::size_t width);
/// Lines of at most `width` columns, broken at spaces, within words only when one is too long. No colours in
/// it.
std::vector<std::string> wrap(std::string_view text, std::size_t width);

/// Colours and signs according to the Style.
class Painter {
 public:
  explicit Painter(const Style& style) : style_(style) {}
  std::string good(const std::string& s) const { return paint("32", s); }
  std::string bad(const std::string& s) const { return paint("1;31", s); }
  std::string warn(const std::string& s) const { return paint("33", s); }
  std::string dim(const std::string& s) const { return paint("2", s); }
  std::string bold(const std::string& s) const { return paint("1", s); }
  std::string cyan(const std::string& s) const { return paint("36", s); }
  /// The sign itself, or its replacement in plain ASCII.
  std::string sign(const char* unicode, const char* ascii) const { return style_.unicode ? unicode : ascii; }
  std::string rule(std::size_t width) const;
  std::string arrow() const { return sign("→", "->"); }
  const Style& style() const { return style_; }
  std::size_t width() const;  ///< columns, at least 40

 private:
  std::string paint(const char* code, const std::string& s) const;
  Style style_;
};

/// `first` begins the first line, later lines are indented to the same column; `text` is wrapped to the
/// width.
std::string hanging(const Painter& p, const std::string& first, const std::string& text);

/// For a cell of a Markdown table: a '|' would end the column.
std::string escaped_cell(const std::string& text);

}  // namespace pinrig::report
