// SPDX-License-Identifier: GPL-2.0
// What git apply says when a patch does not fit (apply.c of git 2.30 to 2.47).
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "git/patch_text.h"

namespace pinrig::git {
namespace {

constexpr std::string_view kError = "error: ";

/// The part of `diff` that is about `file`.
std::string_view section_of(std::string_view diff, const std::string& file) {
  const auto at = diff.find("\n+++ b/" + file);
  if (at == std::string_view::npos) return {};
  const auto end = diff.find("\ndiff --git ", at);
  return diff.substr(at + 1, end == std::string_view::npos ? end : end - at);
}

/// 1-based number of the hunk "@@ -LINE" in a section; 0 when not found.
int hunk_number(std::string_view section, int line) {
  int number = 0;
  for (const auto text : lines(section)) {
    if (!text.starts_with("@@ -")) continue;
    ++number;
    int begin = -1;
    std::from_chars(text.data() + 4, text.data() + text.size(), begin);
    if (begin == line) return number;
  }
  return 0;
}

int number_after(std::string_view text, std::string_view word) {
  const auto at = text.find(word);
  int number = 0;
  if (at != std::string_view::npos)
    std::from_chars(text.data() + at + word.size(), text.data() + text.size(), number);
  return number;
}

/// The file that the line `number` of a diff is about.
std::string file_at(std::string_view diff, int number) {
  std::string file;
  int at = 0;
  for (const auto line : lines(diff)) {
    if (++at > number) break;
    if (!line.starts_with("diff --git ") && !line.starts_with("+++ ")) continue;
    const auto paths = named_paths(std::string(line) + "\n");
    if (!paths.empty()) file = paths.front();
  }
  return file;
}

struct Phrase {
  std::string_view git;
  Misfit why;
  std::string_view words;  ///< empty: git's own
};

// "in index" is of no meaning to people who never made one.
constexpr Phrase kPhrases[] = {
    {"does not exist in index", Misfit::no_file, "does not exist in the base"},
    {"already exists in index", Misfit::exists, "already exists in the base"},
    {"without full index line", Misfit::binary, "is binary, and the patch does not contain its content"},
    {"missing binary patch data", Misfit::binary, "is binary, and the patch does not contain its content"},
    {"appears as both a file", Misfit::wrong_kind, "would be both a file and a directory"},
    {"unable to add cache entry", Misfit::wrong_kind, "would be both a file and a directory"},
    {"beyond a symbolic link", Misfit::wrong_kind, "is beyond a symbolic link in the base"},
    {"corrupt patch", Misfit::malformed, {}},
    {"garbage", Misfit::malformed, "a file header without a change"},
    {"No valid patches", Misfit::malformed, "it contains no unified diff"},
};

Rejection of_hunk(std::string_view line, std::string_view diff) {
  constexpr std::string_view kHunk = "error: patch failed: ";
  const auto colon = line.rfind(':');
  Rejection r;
  r.why = Misfit::hunk;
  r.file = line.substr(kHunk.size(), colon - kHunk.size());
  int at = 0;
  std::from_chars(line.data() + colon + 1, line.data() + line.size(), at);
  const int number = hunk_number(section_of(diff, r.file), at);
  r.hunk = number > 0 ? fmt::format("hunk {} at line {}", number, at) : fmt::format("hunk at line {}", at);
  return r;
}

Rejection of_file(std::string_view rest, std::string_view diff, int strip) {
  Rejection r;
  r.hunk = rest;
  for (const auto& p : kPhrases) {
    if (rest.find(p.git) == std::string_view::npos) continue;
    r.why = p.why;
    if (!p.words.empty()) r.hunk = p.words;
    break;
  }
  r.diff_line = std::max(number_after(rest, " at line "), number_after(rest, "(line "));
  const auto paths = named_paths(diff, strip);
  // "FILE: reason", "... 'FILE' ...", "... of FILE"
  for (const auto& path : paths)
    if (rest.find(path) != std::string_view::npos && path.size() > r.file.size()) r.file = path;
  if (r.file.empty() && r.diff_line > 0) r.file = file_at(diff, r.diff_line);
  if (r.file.empty() && !paths.empty()) r.file = paths.front();
  if (const auto at = r.hunk.find(r.file + ": "); at == 0 && !r.file.empty())
    r.hunk.erase(0, r.file.size() + 2);
  return r;
}

}  // namespace

Rejection parse_rejection(std::string_view said, std::string_view diff, int strip) {
  // "error: patch failed: FILE:LINE" names a hunk, LINE is where it begins in the file before the patch;
  // every other error names a file.
  for (const auto line : lines(said))
    if (line.starts_with("error: patch failed: ") && line.rfind(':') > 21) return of_hunk(line, diff);
  for (const auto line : lines(said))
    if (line.starts_with(kError)) return of_file(line.substr(kError.size()), diff, strip);
  return of_file(trim(said), diff, strip);
}

}  // namespace pinrig::git
