// SPDX-License-Identifier: GPL-2.0
// `pinrig run`: from a run file to verdicts in the store.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/exit_code.h"
#include "run/inputs.h"
#include "store/store.h"

namespace pinrig::run {

struct RunEnd {
  std::string run_id;
  ExitCode code = ExitCode::harness;
};

/// The whole pipeline. Everything wrong with the input is an Error before anything starts; a cell that fails
/// later is a row of the store, and the other cells go on. `tick` is called twice a second while cells run.
Result<RunEnd> execute(const RunOptions& options, const Services& services,
                       const std::function<void()>& tick);

/// As far as the kernels: builds every cell of the run. Returns one line per cell: key and directory.
Result<std::vector<std::string>> build_only(const RunOptions& options, const Services& services,
                                            const std::function<void()>& tick);

/// Opens results.db of these paths and marks runs whose process is gone as interrupted.
Result<store::Store> open_store(const Paths& paths);

/// regressions > could not build or apply > harness errors > ok; an interrupted run outranks them all.
ExitCode fold(ExitCode a, ExitCode b);

}  // namespace pinrig::run
