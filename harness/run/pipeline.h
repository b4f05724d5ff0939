// SPDX-License-Identifier: GPL-2.0
// `pinrig run`: from a run file to assessed verdicts in the store.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/exit_code.h"
#include "run/run_file.h"

namespace pinrig::run {

struct RunEnd {
  std::string run_id;
  ExitCode code = ExitCode::harness;
};

/// The whole pipeline. Invalid input is an Error before anything starts; a kernel or guest that fails later
/// is a row of the store, and the others continue. `tick` is called twice a second while they run. With
/// `again` (of --again, whose options `options` are) a source that differs from the recorded one is a
/// warning.
Result<RunEnd> execute(const RunOptions& options, const Services& services, const std::function<void()>& tick,
                       const RecordedRun* again = nullptr);

/// Only builds the kernels of the run. Returns one line per kernel: id, key and directory.
Result<std::vector<std::string>> build_only(const RunOptions& options, const Services& services,
                                            const std::function<void()>& tick);

}  // namespace pinrig::run
