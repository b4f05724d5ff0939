// SPDX-License-Identifier: GPL-2.0
// When the guests and builds of a run began and ended. Private to the module.
#pragma once

#include <string>
#include <vector>

#include "report/digest.h"

namespace pinrig::html {

/// One bar. Seconds since the start of the run.
struct Span {
  std::string name;
  double start = 0;
  double end = 0;
  double boot = 0;  ///< seconds of it before the first test
  bool build = false;
  bool lost = false;  ///< a guest that did not end as expected
};

struct Timeline {
  std::vector<Span> spans;  ///< by start
  std::size_t unknown = 0;  ///< guests that ran, and nothing says when
};

/// The store has durations; a guest's result.json is written when it ends, a kernel's folder when it is
/// built, and the times of these files say when that was. A time outside of the run (a copy of the folder) is
/// none.
Timeline timeline_of(const report::RunData& data);

}  // namespace pinrig::html
