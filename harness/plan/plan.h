// SPDX-License-Identifier: GPL-2.0
// From what is wanted to the cells of a run: points × architectures, each with its tests in order. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/job.h"

namespace pinrig::plan {

/// Everything a plan is made of, already loaded.
struct PlanInput {
  model::RunSpec run;
  model::Machine machine;
  std::vector<model::Suite> suites;   ///< all of the project
  std::string base;                   ///< name of the base, the series' own when there is one
  std::vector<std::string> subjects;  ///< of the series' patches in order; empty without a series
};

struct Plan {
  std::string name;
  std::string base;
  std::string series;  ///< empty = the base alone
  int patches = 0;     ///< length of the series
  std::vector<model::Cell>
      cells;  ///< per architecture, points ascending: the order to build in; guests of a kernel together
  std::vector<std::string> notes;  ///< what was folded or is worth knowing, one line each
};

/// The points that the words of a run mean: "base" = 0, "tip" = the last patch, "each" = base and every
/// patch, numbers as they are. Ascending, each once (what was named twice is noted). A number beyond the
/// series, or "tip" and "each" without patches, is bad_input.
Result<std::vector<model::Point>> resolve_points(const PlanInput& in, std::vector<std::string>& notes);

/// The tests that the suite globs choose ("bio", "bio/dio_*", "*"; "!stress": but not these), in running
/// order: the suite pins first (the counters themselves), then by limit, destructive ones last. A glob
/// without a match is bad_input.
Result<std::vector<model::TestSpec>> select_tests(const PlanInput& in);

/// bad_input when a test needs what the machine does not offer: a drive, a file system, huge pages, swap,
/// net. Devices, boot parameters and memory it always offers.
Result<void> check_offer(const model::Machine& machine, const std::vector<model::TestSpec>& tests);

Result<Plan> make_plan(const PlanInput& in);

/// For `pinrig plan`: the cells, then the tests that each of them runs, then the notes.
std::string to_text(const Plan& plan);

}  // namespace pinrig::plan
