// SPDX-License-Identifier: GPL-2.0
#include <algorithm>

#include "ktap/parser.h"

namespace pinrig::ktap {
namespace {

/// Position after `groups` of "[...]" or "<N>", and one space; 0 when the line does not begin so.
std::size_t after_groups(std::string_view line, int groups) {
  std::size_t at = 0;
  for (int i = 0; i < groups; ++i) {
    if (at >= line.size() || (line[at] != '[' && line[at] != '<')) return 0;
    const std::size_t end = line.find(line[at] == '[' ? ']' : '>', at);
    if (end == std::string_view::npos) return 0;
    at = end + 1;
  }
  return at < line.size() && line[at] == ' ' ? at + 1 : at;
}

int count_groups(std::string_view prefix) {
  for (int n = 1; n <= 4; ++n) {
    const std::size_t end = after_groups(prefix, n);
    if (end == 0) return 0;
    if (end == prefix.size()) return n;
  }
  return 0;
}

/// "2026-11-29T20:00:00.123Z ", "20:00:01 ": digits and what stands between them in a time.
bool is_time(std::string_view text) {
  return text.find_first_not_of("0123456789:.-/+,TZ ") == std::string_view::npos &&
         text.find(':') != std::string_view::npos &&
         text.find_first_of("0123456789") != std::string_view::npos;
}

}  // namespace

bool Prefix::learn(std::string_view line) {
  const std::size_t at = find_version(line);
  if (at == std::string_view::npos) return false;
  const std::string_view before = line.substr(0, at);
  const std::size_t last = before.find_last_not_of(" \t");
  if (last == std::string_view::npos) {  // indented as a whole, or no prefix
    width_ = before.size();
    blank_ = true;
    return true;
  }
  if (before.find_first_not_of("# ") == std::string_view::npos) return true;  // kselftest's nesting
  const bool marked = std::string_view("]>:|").find(before[last]) != std::string_view::npos;
  if (!marked && !is_time(before)) return false;  // prose
  groups_ = count_groups(before);
  width_ = before.size();
  return true;
}

std::string_view Prefix::strip(std::string_view line) const {
  if (width_ == 0) return line;
  if (groups_ > 0) return line.substr(after_groups(line, groups_));
  if (blank_)
    return line.find_first_not_of(" \t") >= width_ ? line.substr(std::min(width_, line.size())) : line;
  return line.size() < width_ ? line : line.substr(width_);  // as kunit.py does: so many characters
}

namespace {
constexpr std::size_t first_lines = 8;
constexpr std::size_t latest_lines = 56;
}  // namespace

/// The first lines have their places; behind them the latest take turns.
void Pending::add(std::string_view text) {
  const std::size_t at = added_ < first_lines ? added_ : first_lines + (added_ - first_lines) % latest_lines;
  if (at >= lines_.size()) lines_.resize(at + 1);
  lines_[at].assign(text);
  ++added_;
}

void Pending::move_to(std::vector<std::string>& out, std::size_t& budget) {
  const std::size_t kept = std::min(added_, first_lines + latest_lines);
  if (kept == 0) return;
  out.reserve(out.size() + kept);
  for (std::size_t i = 0; i < kept; ++i) {
    // Where the ring is full its oldest line is the one that would be written next.
    const std::size_t turn = added_ > kept ? (added_ - first_lines) % latest_lines : 0;
    const std::size_t at = i < first_lines ? i : first_lines + (i - first_lines + turn) % latest_lines;
    if (lines_[at].size() > budget) break;
    budget -= lines_[at].size();
    out.push_back(lines_[at]);
  }
  added_ = 0;
}

}  // namespace pinrig::ktap
