// SPDX-License-Identifier: GPL-2.0
// run.json: the options of a run and the resulting plan, written before anything starts.
#pragma once

#include <string>

#include "run/inputs.h"

namespace pinrig::run {

/// The text of run.json: options as given, the resolved run, base and series with commits, trees and
/// patch-ids, every kernel and guest of the plan with its tests, the environment that counts (PINRIG_*), and
/// the versions of pinrig, QEMU and the compilers. The same inputs give the same text, except for `versions`
/// on a changed machine.
std::string run_to_json(const RunOptions& options, const Inputs& inputs, const Sources& sources,
                        const plan::Plan& plan, const Services& services);

/// What `pinrig run --again` repeats: the options, and the commits and trees they resolved to.
struct RecordedRun {
  RunOptions options;
  std::vector<model::Point> points;  ///< the base and the patches
};
/// bad_input when the file does not exist (a run of an older pinrig) or cannot be read.
Result<RecordedRun> read_run_file(const fs::path& file);

/// What differs between the source as it was recorded and as it is now, one line each.
std::vector<std::string> source_changes(const RecordedRun& then, const Sources& now);

}  // namespace pinrig::run
