// SPDX-License-Identifier: GPL-2.0
// Sets of line numbers, per source file. Pure.
#pragma once

#include <map>
#include <set>
#include <string>

namespace pinrig::coverage {

using Lines = std::set<int>;                     ///< line numbers, from 1
using FileLines = std::map<std::string, Lines>;  ///< by path in the kernel's tree: "block/bio.c"

/// "1341-1343,1350"; empty for none.
std::string to_ranges(const Lines& lines);
/// The reverse; what is no range is ignored.
Lines from_ranges(const std::string& text);

/// "block/bio.c:1341-1343,1350 mm/gup.c:7"
std::string to_text(const FileLines& lines);

/// The lines that are in both; files without such lines are omitted.
FileLines common(const FileLines& a, const FileLines& b);
/// The lines of `a` that are not in `b`; files without such lines are omitted.
FileLines without(const FileLines& a, const FileLines& b);
void add(FileLines& to, const FileLines& more);
std::size_t count(const FileLines& lines);

}  // namespace pinrig::coverage
