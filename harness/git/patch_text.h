// SPDX-License-Identifier: GPL-2.0
// What pinrig reads from a diff and from git's messages about it. Pure. Private to the module.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "git/source.h"

namespace pinrig::git {

/// Whether a text contains a diff (a cover letter and most replies do not).
bool has_diff(std::string_view text);

/// Whether it contains a context diff (`diff -c`), which git does not read.
bool has_context_diff(std::string_view text);

/// Every path that the headers of a diff name, without its first `strip` parts, each once. May list one too
/// many, never one too few.
std::vector<std::string> named_paths(std::string_view diff, int strip = 1);

/// Whether a diff renames or copies a file.
bool moves_files(std::string_view diff);

/// Whether git would refuse a path of a patch: it leads out of the tree or into .git (read-cache.c,
/// verify_path).
bool unsafe_path(std::string_view path);

/// The diff with the line ends that its sender had: when its own header lines end in CR, a mail program added
/// one to every line, which is removed. A diff of a file with CRs keeps them.
std::string without_added_cr(std::string diff);

/// The diff without file headers that change nothing before a "---" line: an example in a message.
std::string without_quoted_headers(std::string diff);

/// A subject, name or address of a mail or commit: one line of valid UTF-8 without control characters.
std::string one_line(std::string_view text);

/// What "git apply" rejected.
struct Rejection {
  Misfit why = Misfit::malformed;
  std::string file;
  std::string hunk;   ///< "hunk 2 at line 1225", or the reason
  int diff_line = 0;  ///< of the diff given to git, 1-based; 0 = git names none
};
/// Parses the stderr of git apply for a diff.
Rejection parse_rejection(std::string_view said, std::string_view diff, int strip = 1);

/// What may have damaged a diff that git calls corrupt; empty when it looks sound. `flowed`: its mail says
/// format=flowed.
std::string damage_hint(std::string_view diff, bool flowed);

/// The 1-based line of `file` at which `diff` begins, if it occurs unchanged (except for line ends); 0 when
/// it was encoded.
int line_in_file(std::string_view file, std::string_view diff);

/// With A to Z as a to z.
std::string lower(std::string_view text);

/// "NAME <ADDRESS>" without characters that end it early, as `git commit --author` takes it. An empty name is
/// the address, an empty address "unknown@localhost".
std::string author_line(std::string name, std::string address);

/// Takes git's C-style quotes off a path ("\"mm/\\303\\244.c\""); others are returned unchanged.
std::string unquote_path(std::string_view path);

}  // namespace pinrig::git
