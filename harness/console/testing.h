// SPDX-License-Identifier: GPL-2.0
// The harvest: what the reports of a kernel tree begin with, and which of these texts no row of the table
// reads.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"

namespace pinrig::console::harvest {

/// A text that a kernel prints at the head of a report.
struct Text {
  std::string file;  ///< in the tree
  int line = 0;
  std::string call;     ///< "pr_alert", "panic", "die", ...
  std::string literal;  ///< as in the source, without newlines: "BUG: Bad page state in process %s pfn:%05lx"
};

/// Of one C file: the arguments of panic() and die(), what pr_emerg(), pr_alert() and pr_crit() begin with,
/// and what any other printk() begins with "BUG", "WARNING:" or "INFO:".
std::vector<Text> texts_of(const std::string& file, std::string_view source);

/// The line that a console would show: its conversions are filled in, and what panic() and die() of x86-64
/// and arm64 put around their text is there.
std::string as_printed(const Text& text);

/// Whether the console's parser makes an event of the line when a call trace follows it.
bool is_read(const Text& text);

/// A line of the list of texts that need not be read.
struct Ignored {
  std::string file;    ///< glob
  std::string text;    ///< glob over Text::literal
  std::string reason;  ///< never empty
};
/// "FILE | TEXT | REASON" lines; '#' begins a comment. A line without all three is thrown as
/// std::runtime_error.
std::vector<Ignored> ignored_of(std::string_view list);

/// The folders of a tree whose reports matter here: core code, x86-64 and arm64, and what pins pages.
const std::vector<std::string>& folders();

/// Every text of the tree that is neither read nor ignored.
std::vector<Text> unread(const fs::path& tree, const std::vector<Ignored>& ignored);

}  // namespace pinrig::console::harvest
