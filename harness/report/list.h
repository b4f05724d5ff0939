// SPDX-License-Identifier: GPL-2.0
// `pinrig list`: many runs, one line each.
#pragma once

#include <ctime>
#include <string>
#include <vector>

#include "report/report.h"

namespace pinrig::report {

/// Which runs, and how many.
struct ListFilter {
  int limit = 20;
  bool failed = false;  ///< only those that ended with an exit code other than 0, or not at all
  bool all = false;     ///< also the runs of `pinrig prove`, half of which must fail
  std::string since;    ///< ISO 8601, UTC, any leading part: "2026-11-21T01"; empty = all times
};

struct RunLine {
  store::RunRow run;
  std::string result;    ///< "as expected", "exit 1", "running", "interrupted"
  std::string headline;  ///< what failed: "leak in bio/dio_faults (+2) on 2 kernels"
  bool good = false;
};

struct RunList {
  std::vector<RunLine> lines;  ///< newest first
  std::size_t hidden = 0;      ///< runs of `pinrig prove` that `all` would show
};

/// What `--since WORD` means: "2026-11-21", "2026-11-21T10:30", or "36h" and "7d" before `now` (seconds since
/// 1970). bad_usage for anything else.
Result<std::string> since_time(const std::string& word, std::time_t now);

Result<RunList> run_list(const store::Store& store, const ListFilter& filter);
std::string list_text(const RunList& list, const Style& style);
/// {"format": "pinrig-runs", "version": 1, "runs": [...]}; keys as in the JSON of a run.
std::string list_json(const RunList& list);

}  // namespace pinrig::report
