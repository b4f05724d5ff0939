// SPDX-License-Identifier: GPL-2.0
// Text as HTML, and the signs of verdicts. Private to the module.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/digest.h"

namespace pinrig::html {

/// Text of anybody in an element or in a quoted attribute: no markup, no control characters, valid UTF-8, one
/// line.
std::string esc(std::string_view text);
/// Lines for <pre>.
std::string esc_lines(const std::vector<std::string>& lines);

/// A verdict as it is shown: said by mark, word and colour.
struct Sign {
  const char* mark;    ///< "✓"
  std::string word;    ///< "pass", "leak +64"
  const char* colour;  ///< class: "g" fine, "r" not as expected, "e" a failure that is, "s" skip and xfail
};
Sign sign_of(const report::Row& row);
/// <span class="m r">✗ fail</span>
std::string sign_html(const report::Row& row);

/// "base-x86_64/bio/dio_rw", with ":case": of an attribute `id` and, escaped for a URL, of a link to it.
std::string row_id(const std::string& kernel, const model::TestVerdict& v);
std::string link_to(const std::string& id);

/// A part of the page. Those of a higher rank are omitted first; 0 never is.
struct Piece {
  std::string text;
  int rank = 0;
  std::string what = {};  ///< what is missing without it: "312 tests of gup that are as expected"
};

/// A table that may be wider than the screen.
std::string scrolling(const std::string& label, const std::string& table);
/// <section> with its heading; empty when there is nothing in it.
std::string section(const char* id, const std::string& title, const std::string& body);

}  // namespace pinrig::html
