// SPDX-License-Identifier: GPL-2.0
// Words that the reports on nights have in common. Private to report.
#pragma once

#include <string>
#include <vector>

#include "history/delta.h"
#include "history/numbers.h"

namespace pinrig::report {

/// The columns as short as they can be told apart: "x86_64 aarch64", "tip x86_64 kasan". All columns of the
/// line, when there are several: "".
std::string columns_words(const history::Line& line, const std::vector<std::size_t>& columns);
std::string column_word(const history::Line& line, std::size_t column);
std::string number_text(history::Number number, double value);  ///< "12 pages", "1.5 s"
std::string section_words(history::Section section);            ///< "new red", after a count
/// One column: "✓"; the letters are for terminals without Unicode.
const char* mark_of(const history::Cell& cell, bool unicode);

}  // namespace pinrig::report
