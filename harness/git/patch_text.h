// SPDX-License-Identifier: GPL-2.0
// What pinrig reads in a diff and in git's words about one. Pure. Private to the module.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pinrig::git {

/// Whether a text holds a diff at all (a cover letter and most replies do not).
bool has_diff(std::string_view text);

/// Every path that a diff names, with -p1, each once. May hold a path too many (a removed line that looks
/// like a header), never one too few.
std::vector<std::string> named_paths(std::string_view diff);

/// What of "git apply" failed.
struct Rejection {
  std::string file;
  std::string hunk;  ///< "hunk 2 at line 1225", or git's reason
};
/// From what git apply wrote to stderr and the diff it was given.
Rejection parse_rejection(std::string_view said, std::string_view diff);

/// Takes git's C-style quotes off a path ("\"mm/\\303\\244.c\""); others come back as they are.
std::string unquote_path(std::string_view path);

}  // namespace pinrig::git
