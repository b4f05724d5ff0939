// SPDX-License-Identifier: GPL-2.0
#include "coverage/blame.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace pinrig::coverage {
namespace {

constexpr std::size_t id_length = 40;

bool is_id(std::string_view word) {
  return word.size() == id_length && std::all_of(word.begin(), word.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

/// "ID ORIGINAL FINAL [COUNT]"; numbers are 0 in any other line, such as the file's own, which follow a tab.
struct Header {
  std::string id;
  int original = 0;
  int final = 0;
};

Header header_in(std::string_view line) {
  Header out;
  if (line.size() < id_length + 2 || line[id_length] != ' ' || !is_id(line.substr(0, id_length))) return out;
  const char* const stop = line.data() + line.size();
  const auto original = std::from_chars(line.data() + id_length + 1, stop, out.original);
  if (original.ec != std::errc() || original.ptr == stop || *original.ptr != ' ') return {};
  std::from_chars(original.ptr + 1, stop, out.final);
  out.id = line.substr(0, id_length);
  return out;
}

}  // namespace

std::map<int, Lines> owned_lines(std::string_view porcelain, const std::map<std::string, int>& numbers) {
  std::map<int, Lines> out;
  for (const auto line : lines(porcelain)) {
    const Header h = header_in(line);
    if (h.final < 1) continue;
    const auto owner = numbers.find(h.id);
    if (owner != numbers.end()) out[owner->second].insert(h.final);
  }
  return out;
}

std::vector<Kept> kept_lines(std::string_view porcelain, const std::map<std::string, int>& numbers) {
  std::vector<Kept> out;
  for (const auto line : lines(porcelain)) {
    const Header h = header_in(line);
    if (h.final < 1 || numbers.contains(h.id)) continue;
    Kept* last = out.empty() ? nullptr : &out.back();
    if (last && h.final == last->tip + last->count && h.original == last->base + last->count)
      ++last->count;
    else
      out.push_back({h.final, h.original, 1});
  }
  return out;
}

Lines changed_places(const std::vector<Kept>& kept, const Lines& changed) {
  Lines out;
  Kept before{0, 0, 1};  // the line before the first
  for (const auto& k : kept) {
    if (k.tip == before.tip + before.count && k.base == before.base + before.count) {
      before = k;
      continue;
    }
    for (int n = std::max(before.base + before.count - 1, 1); n <= k.base; ++n) out.insert(n);
    before = k;
  }
  if (!kept.empty() && !changed.empty() && *changed.rbegin() > kept.back().tip)
    out.insert(kept.back().base + kept.back().count - 1);  // added at the end
  return out;
}

Lines to_base(const Lines& tip, const std::vector<Kept>& kept) {
  Lines out;
  for (const auto& k : kept) {
    for (auto it = tip.lower_bound(k.tip); it != tip.end() && *it < k.tip + k.count; ++it)
      out.insert(*it - k.tip + k.base);
  }
  return out;
}

}  // namespace pinrig::coverage
