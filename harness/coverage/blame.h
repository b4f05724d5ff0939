// SPDX-License-Identifier: GPL-2.0
// Which patch of a series last touched which line. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "coverage/lines.h"

namespace pinrig::coverage {

/// Reads `git blame --porcelain` of one file: the line numbers that each commit owns, as they are in the file
/// that was asked about. A line that a later patch changes belongs to that patch; one that it only moves down
/// keeps its owner. Commits that are not in `numbers` (the base) own nothing.
std::map<int, Lines> owned_lines(std::string_view porcelain, const std::map<std::string, int>& numbers);

/// Lines that the series left as they are: `count` of them from `tip` on, which are from `base` on in the
/// base.
struct Kept {
  int tip = 0;
  int base = 0;
  int count = 0;
};
/// All of a file, from its begin to its end; a span is as long as it can be.
std::vector<Kept> kept_lines(std::string_view porcelain, const std::map<std::string, int>& numbers);

/// The lines of the base at which a series changes a file: those that it removes, and the one before and the
/// one after each change. `changed`: lines of the tip that it owns.
Lines changed_places(const std::vector<Kept>& kept, const Lines& changed);
/// Lines of the tip as lines of the base; those that the series changed are omitted.
Lines to_base(const Lines& tip, const std::vector<Kept>& kept);

}  // namespace pinrig::coverage
