// SPDX-License-Identifier: GPL-2.0
// Which lines of a diff are content. Pure. Private to the module.
#pragma once

#include <string_view>

namespace pinrig::git {

/// The numbers of "@@ -2,3 +4,5 @@"; a count that is missing is 1.
struct HunkHead {
  int old_line = 0;
  int old_count = 1;
  int new_line = 0;
  int new_count = 1;
};
/// Of a line that begins with "@@ -".
HunkHead hunk_head(std::string_view line);

/// Walks through a diff: a removed line "-- x" looks like a header.
class Hunks {
 public:
  /// Whether the next line is content of a hunk. A line "@@ -" that is none begins the next hunk.
  bool holds(std::string_view line);

 private:
  int old_ = 0;
  int new_ = 0;
};

}  // namespace pinrig::git
