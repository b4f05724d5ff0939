// SPDX-License-Identifier: GPL-2.0
#include "procstat.h"

#include "counters.h"

namespace pinrig::agent {
namespace {

// The blank-separated word number `index` (from 0) of `text`.
std::string_view word(std::string_view text, int index) {
  for (; index > 0; --index) {
    const auto blank = text.find(' ');
    if (blank == std::string_view::npos) return {};
    text.remove_prefix(blank + 1);
  }
  return text.substr(0, text.find_first_of(" \n"));
}

}  // namespace

std::optional<ProcStat> parse_proc_stat(std::string_view text) {
  const auto open = text.find(" (");
  const auto close = text.rfind(") ");
  if (open == std::string_view::npos || close == std::string_view::npos || close < open + 2)
    return std::nullopt;
  const std::string_view rest = text.substr(close + 2);
  // Of proc(5): field 3 is the state, 9 the flags, 22 the start time.
  const auto pid = parse_int(text.substr(0, open));
  const auto state = word(rest, 0);
  const auto flags = parse_int(word(rest, 6));
  const auto started = parse_int(word(rest, 19));
  if (!pid || state.size() != 1 || !flags || !started) return std::nullopt;
  ProcStat out;
  out.pid = static_cast<int>(*pid);
  out.name = text.substr(open + 2, close - open - 2);
  out.state = state.front();
  out.flags = static_cast<std::uint64_t>(*flags);
  out.started = static_cast<std::uint64_t>(*started);
  return out;
}

}  // namespace pinrig::agent
