// SPDX-License-Identifier: GPL-2.0
#include "git/patch_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace pinrig::git {
namespace {

/// "a/mm/gup.c\t2024-01-01" -> "mm/gup.c"; empty for /dev/null.
std::string strip_one(std::string_view name) {
  std::string path;
  if (name.starts_with('"')) {
    path = unquote_path(
        name.substr(0, name.find('"', 1) == std::string_view::npos ? name.size() : name.rfind('"') + 1));
  } else {
    path = name.substr(0, name.find('\t'));
  }
  if (path == "/dev/null") return {};
  const auto slash = path.find('/');
  return slash == std::string::npos ? std::string() : path.substr(slash + 1);
}

void add(std::vector<std::string>& paths, std::string path) {
  if (!path.empty() && std::find(paths.begin(), paths.end(), path) == paths.end())
    paths.push_back(std::move(path));
}

/// "diff --git a/X b/X": the form in which both names are the same, the only one without further headers.
std::string same_name(std::string_view line) {
  const std::string_view both = line.substr(11);
  if (both.starts_with('"')) return strip_one(both.substr(0, both.find("\" ") + 1));
  if (both.size() % 2 == 0) return {};
  const auto first = both.substr(0, both.size() / 2);
  const auto second = both.substr(both.size() / 2 + 1);
  return strip_one(first) == strip_one(second) ? strip_one(first) : std::string();
}

/// The part of `diff` that is about `file`.
std::string_view section_of(std::string_view diff, const std::string& file) {
  const auto at = diff.find("\n+++ b/" + file);
  if (at == std::string_view::npos) return {};
  const auto end = diff.find("\ndiff --git ", at);
  return diff.substr(at + 1, end == std::string_view::npos ? end : end - at);
}

/// 1-based number of the hunk "@@ -LINE" in a section; 0 when it is not there.
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

}  // namespace

bool has_diff(std::string_view text) {
  bool minus = false;
  for (const auto line : lines(text)) {
    if (line.starts_with("diff --git ")) return true;
    if (minus && line.starts_with("+++ ")) return true;
    minus = line.starts_with("--- ");
  }
  return false;
}

std::string unquote_path(std::string_view path) {
  if (path.size() < 2 || path.front() != '"' || path.back() != '"') return std::string(path);
  std::string out;
  path = path.substr(1, path.size() - 2);
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] != '\\' || i + 1 == path.size()) {
      out += path[i];
      continue;
    }
    const char c = path[++i];
    if (c >= '0' && c <= '3' && i + 2 < path.size()) {
      out += static_cast<char>((c - '0') * 64 + (path[i + 1] - '0') * 8 + (path[i + 2] - '0'));
      i += 2;
    } else {
      out += c == 'n' ? '\n' : c == 't' ? '\t' : c;
    }
  }
  return out;
}

std::vector<std::string> named_paths(std::string_view diff) {
  std::vector<std::string> paths;
  for (const auto line : lines(diff)) {
    if (line.starts_with("diff --git ")) add(paths, same_name(line));
    for (const std::string_view header : {"--- ", "+++ "})
      if (line.starts_with(header)) add(paths, strip_one(line.substr(header.size())));
    for (const std::string_view header : {"rename from ", "rename to ", "copy from ", "copy to "})
      if (line.starts_with(header)) add(paths, unquote_path(line.substr(header.size())));
  }
  return paths;
}

Rejection parse_rejection(std::string_view said, std::string_view diff) {
  // builtin/apply says "error: patch failed: FILE:LINE" for a hunk and "error: FILE: REASON" for a file;
  // LINE is where the hunk begins in the file before the patch.
  constexpr std::string_view kHunk = "error: patch failed: ";
  constexpr std::string_view kError = "error: ";
  for (const auto line : lines(said)) {
    const auto colon = line.rfind(':');
    if (!line.starts_with(kHunk) || colon <= kHunk.size()) continue;
    Rejection r;
    r.file = line.substr(kHunk.size(), colon - kHunk.size());
    int at = 0;
    std::from_chars(line.data() + colon + 1, line.data() + line.size(), at);
    const int number = hunk_number(section_of(diff, r.file), at);
    r.hunk = number > 0 ? fmt::format("hunk {} at line {}", number, at) : fmt::format("hunk at line {}", at);
    return r;
  }
  const auto paths = named_paths(diff);
  for (const auto line : lines(said)) {
    if (!line.starts_with(kError)) continue;
    const auto rest = line.substr(kError.size());
    const auto colon = rest.find(": ");
    const std::string file(rest.substr(0, colon));
    if (colon != std::string_view::npos && std::find(paths.begin(), paths.end(), file) != paths.end())
      return {file, std::string(rest.substr(colon + 2))};
    return {paths.empty() ? std::string() : paths.front(), std::string(rest)};
  }
  return {paths.empty() ? std::string() : paths.front(), std::string(trim(said))};
}

}  // namespace pinrig::git
