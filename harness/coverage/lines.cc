// SPDX-License-Identifier: GPL-2.0
#include "coverage/lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "base/text.h"

namespace pinrig::coverage {
namespace {

/// The number at the start of `text`, which it is removed from; 0 when there is none.
int take_number(std::string_view& text) {
  int n = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (ec != std::errc()) return 0;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return n;
}

template <typename Keep>
FileLines kept(const FileLines& from, const FileLines& other, Keep keep) {
  static const Lines none;
  FileLines out;
  for (const auto& [file, lines] : from) {
    const auto found = other.find(file);
    const Lines left = keep(lines, found == other.end() ? none : found->second);
    if (!left.empty()) out.emplace(file, left);
  }
  return out;
}

}  // namespace

std::string to_ranges(const Lines& lines) {
  std::vector<std::string> parts;
  for (auto it = lines.begin(); it != lines.end();) {
    const int first = *it;
    int last = first;
    while (++it != lines.end() && *it == last + 1) ++last;
    parts.push_back(first == last ? std::to_string(first) : fmt::format("{}-{}", first, last));
  }
  return join(parts, ",");
}

Lines from_ranges(const std::string& text) {
  constexpr int longest = 1 << 20;  // of a range: no file of the kernel has as many lines
  Lines out;
  for (const auto& part : split(text, ',')) {
    std::string_view rest = part;
    const int first = take_number(rest);
    int last = first;
    if (rest.starts_with('-')) {
      rest.remove_prefix(1);
      last = take_number(rest);
    }
    if (!rest.empty() || first < 1 || last < first || last - first > longest) continue;
    for (int n = first; n <= last; ++n) out.insert(n);
  }
  return out;
}

std::string to_text(const FileLines& lines) {
  std::vector<std::string> parts;
  for (const auto& [file, of_file] : lines) parts.push_back(file + ":" + to_ranges(of_file));
  return join(parts, " ");
}

FileLines common(const FileLines& a, const FileLines& b) {
  return kept(a, b, [](const Lines& x, const Lines& y) {
    Lines out;
    std::set_intersection(x.begin(), x.end(), y.begin(), y.end(), std::inserter(out, out.end()));
    return out;
  });
}

FileLines without(const FileLines& a, const FileLines& b) {
  return kept(a, b, [](const Lines& x, const Lines& y) {
    Lines out;
    std::set_difference(x.begin(), x.end(), y.begin(), y.end(), std::inserter(out, out.end()));
    return out;
  });
}

void add(FileLines& to, const FileLines& more) {
  for (const auto& [file, lines] : more) to[file].insert(lines.begin(), lines.end());
}

std::size_t count(const FileLines& lines) {
  std::size_t n = 0;
  for (const auto& [file, of_file] : lines) n += of_file.size();
  return n;
}

}  // namespace pinrig::coverage
