// SPDX-License-Identifier: GPL-2.0
#include "git/patch_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "base/text.h"
#include "git/hunks.h"

namespace pinrig::git {
namespace {

/// "a/mm/gup.c\t2024-01-01" -> "mm/gup.c" with strip 1; empty for /dev/null.
std::string strip_path(std::string_view name, int strip) {
  std::string path;
  if (name.starts_with('"')) {
    path = unquote_path(
        name.substr(0, name.find('"', 1) == std::string_view::npos ? name.size() : name.rfind('"') + 1));
  } else {
    path = name.substr(0, name.find('\t'));
  }
  if (path == "/dev/null") return {};
  for (; strip > 0; --strip) {
    const auto slash = path.find('/');
    if (slash == std::string::npos) return {};
    path.erase(0, slash + 1);
  }
  return path;
}

void add(std::vector<std::string>& paths, std::string path) {
  if (!path.empty() && std::find(paths.begin(), paths.end(), path) == paths.end())
    paths.push_back(std::move(path));
}

/// "diff --git a/X b/X": the form in which both names are the same, the only one without further headers.
std::string same_name(std::string_view line, int strip) {
  const std::string_view both = line.substr(11);
  if (both.starts_with('"')) return strip_path(both.substr(0, both.find("\" ") + 1), strip);
  if (both.size() % 2 == 0) return {};
  const auto first = both.substr(0, both.size() / 2);
  const auto second = both.substr(both.size() / 2 + 1);
  return strip_path(first, 1) == strip_path(second, 1) ? strip_path(first, strip) : std::string();
}

}  // namespace

HunkHead hunk_head(std::string_view line) {
  const auto range = [&](std::string_view text, int& first, int& count) {
    const char* const end = text.data() + text.size();
    const auto [next, ec] = std::from_chars(text.data(), end, first);
    if (ec == std::errc() && next != end && *next == ',') std::from_chars(next + 1, end, count);
  };
  HunkHead head;
  range(line.substr(4), head.old_line, head.old_count);
  const auto plus = line.find(" +");
  head.new_count = plus == std::string_view::npos ? 0 : 1;
  if (plus != std::string_view::npos) range(line.substr(plus + 2), head.new_line, head.new_count);
  return head;
}

bool Hunks::holds(std::string_view line) {
  // Never content; the hunk before it is damaged.
  if (line.starts_with("diff --git ")) old_ = new_ = 0;
  if (old_ <= 0 && new_ <= 0) {
    if (line.starts_with("@@ -")) {
      const auto head = hunk_head(line);
      old_ = head.old_count;
      new_ = head.new_count;
    }
    return false;
  }
  if (line.starts_with('\\')) return true;
  if (!line.starts_with('+')) --old_;
  if (!line.starts_with('-')) --new_;
  return true;
}

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

bool has_context_diff(std::string_view text) {
  bool stars = false;
  for (const auto line : lines(text)) {
    if (stars && line.starts_with("--- ")) return true;
    stars = line.starts_with("*** ");
  }
  return false;
}

std::vector<std::string> named_paths(std::string_view diff, int strip) {
  std::vector<std::string> paths;
  Hunks hunks;
  for (const auto line : lines(diff)) {
    if (hunks.holds(line)) continue;
    if (line.starts_with("diff --git ")) add(paths, same_name(line, strip));
    for (const std::string_view header : {"--- ", "+++ "})
      if (line.starts_with(header)) add(paths, strip_path(line.substr(header.size()), strip));
    for (const std::string_view header : {"rename from ", "rename to ", "copy from ", "copy to "})
      if (line.starts_with(header))
        add(paths, strip_path(line.substr(header.size()), std::max(0, strip - 1)));
  }
  return paths;
}

bool moves_files(std::string_view diff) {
  Hunks hunks;
  const auto all = lines(diff);
  return std::any_of(all.begin(), all.end(), [&](std::string_view line) {
    return !hunks.holds(line) && (line.starts_with("rename to ") || line.starts_with("copy to "));
  });
}

bool unsafe_path(std::string_view path) {
  if (path.empty() || path.starts_with('/')) return true;
  for (const auto& part : split(path, '/'))
    if (part.empty() || part == "." || part == ".." || part == ".git") return true;
  return false;
}

std::string without_added_cr(std::string diff) {
  bool headers = false;
  std::size_t at = 0;
  while (at < diff.size()) {
    const auto end = std::min(diff.find('\n', at), diff.size());
    const std::string_view line = std::string_view(diff).substr(at, end - at);
    at = end + 1;
    if (!line.starts_with("diff --git ") && !line.starts_with("--- ") && !line.starts_with("+++ ") &&
        !line.starts_with("@@ "))
      continue;
    if (!line.ends_with('\r')) return diff;
    headers = true;
  }
  if (!headers) return diff;
  std::string out;
  for (const auto line : lines(diff)) out.append(line).push_back('\n');
  return out;
}

std::string without_quoted_headers(std::string diff) {
  constexpr std::string_view kHeader = "diff --git ";
  while (diff.starts_with(kHeader)) {
    const auto next = diff.find("\ndiff --git ");
    const std::string_view section = std::string_view(diff).substr(0, next);
    const auto dashes = section.find("\n---\n");
    const auto changes = [&](std::string_view what) { return section.find(what) != std::string_view::npos; };
    if (next == std::string::npos || dashes == std::string_view::npos || changes("\n@@ ") ||
        changes(" mode ") || changes("\nrename ") || changes("\ncopy ") || changes("\nBinary ") ||
        changes("\nGIT binary "))
      break;
    diff.erase(0, next + 1);
  }
  return diff;
}

std::string one_line(std::string_view text) {
  std::string out(text);
  std::replace_if(
      out.begin(), out.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }, ' ');
  return shown(trim(out));
}

std::string damage_hint(std::string_view diff, bool flowed) {
  bool in_hunk = false;
  int number = 0;
  for (const auto line : lines(diff)) {
    ++number;
    if (line.starts_with("@@ ")) in_hunk = true;
    if (line.starts_with("diff --git ")) in_hunk = false;
    if (line == "-- ") break;
    if (!in_hunk || line.empty() || std::string_view(" +-\\@").find(line[0]) != std::string_view::npos)
      continue;
    return fmt::format(
        "\"{}\" does not start with ' ', '+' or '-': {}; save the raw mail or get it from the list archive",
        line.substr(0, 60),
        flowed ? "the mail is format=flowed, which wraps lines and strips whitespace"
               : "whitespace was lost or a line was wrapped, for example by copying from a web page or by "
                 "format=flowed");
  }
  return flowed ? "the mail is format=flowed, which changes whitespace: send it as plain text" : "";
}

int line_in_file(std::string_view file, std::string_view diff) {
  const auto there = lines(file);
  const auto wanted = lines(diff);
  if (wanted.empty()) return 0;
  for (std::size_t i = 0; i + wanted.size() <= there.size(); ++i)
    if (std::equal(wanted.begin(), wanted.end(), there.begin() + static_cast<std::ptrdiff_t>(i)))
      return static_cast<int>(i) + 1;
  return 0;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

std::string author_line(std::string name, std::string address) {
  for (auto* part : {&name, &address})
    std::erase_if(*part, [](unsigned char c) { return c == '<' || c == '>' || c < ' '; });
  if (address.empty()) address = "unknown@localhost";
  return fmt::format("{} <{}>", one_line(name.empty() ? address : name), one_line(address));
}

}  // namespace pinrig::git
