// SPDX-License-Identifier: GPL-2.0
// Two versions of a series as git range-diff compares them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/work.h"

namespace pinrig::git {

/// A line of git range-diff.
struct RangePair {
  char mark = '=';     ///< '=' same, '!' changed, '<' dropped, '>' new
  std::string before;  ///< commit, 40 hex digits; empty with '>'
  std::string now;     ///< empty with '<'

  bool operator==(const RangePair&) const = default;
};
/// The output of git range-diff -s with whole commit ids; other lines are ignored. Pure.
std::vector<RangePair> parse_range_diff(std::string_view text);

/// Commits of a series as it was applied, the first patch and the last.
struct AppliedRange {
  std::string first;
  std::string last;
};
/// `git range-diff` of two series that were applied to bases of the cache, not necessarily to the same one;
/// nothing when the commits of one of them are no longer in the cache.
Result<std::optional<std::vector<RangePair>>> range_diff(const AppliedRange& before, const AppliedRange& now,
                                                         const WorkContext& ctx);

/// The files that each of these commits of `range` touches, by commit; empty when they are no longer in the
/// cache.
Result<std::map<std::string, std::vector<std::string>>> files_touched(const AppliedRange& range,
                                                                      const std::vector<std::string>& commits,
                                                                      const WorkContext& ctx);

}  // namespace pinrig::git
