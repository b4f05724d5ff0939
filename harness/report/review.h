// SPDX-License-Identifier: GPL-2.0
// A series for those who review it: checks per patch, two versions side by side, and lines for a cover
// letter. Read the store only.
#pragma once

#include <string>
#include <vector>

#include "report/report.h"

namespace pinrig::report {

/// JSON for patchwork: for each patch, architecture and configuration an object with `patch_id`,
/// `message_id`, `context` ("pinrig-x86_64"), `state` (success, warning, fail, pending) and `description` of
/// at most 120 characters. bad_usage when the run has no series.
Result<std::string> checks(const store::Store& store, const store::RunRow& run);

/// JSON for b4's review checks on one mail: the newest run that had it as patch (by Message-ID, without <>,
/// or by patch-id) or as cover letter. `[]` when there is none.
Result<std::string> b4_check(const store::Store& store, const std::string& message_id,
                             const std::string& patch_id);

/// Two runs of versions of a series: the patches as git range-diff -s shows them, what changed between the
/// last points, what is still red, and tests that the second did not run.
Result<std::string> compare_runs(const store::Store& store, const store::RunRow& before,
                                 const store::RunRow& now, const Style& style);
/// The same as JSON.
Result<std::string> compare_runs_json(const store::Store& store, const store::RunRow& before,
                                      const store::RunRow& now);

/// What a cover letter needs and the store does not have.
struct CoverFacts {
  std::string repeat;              ///< the command that repeats the run
  std::vector<std::string> sizes;  ///< page sizes: "aarch64 16 KiB"
};
/// At most 14 lines of at most 72 columns in ASCII.
Result<std::string> cover(const store::Store& store, const store::RunRow& run, const CoverFacts& facts);

}  // namespace pinrig::report
