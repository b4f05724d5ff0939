// SPDX-License-Identifier: GPL-2.0
// `pinrig run`: from a run file to assessed verdicts in the store.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/exit_code.h"
#include "kbuild/kernel_build.h"
#include "run/inputs.h"
#include "run/run_file.h"

namespace pinrig::run {

struct RunEnd {
  std::string run_id;
  ExitCode code = ExitCode::harness;
};

/// The whole pipeline. Invalid input is an Error before anything starts; a kernel or guest that fails later
/// is a row of the store, and the others continue. `tick` is called twice a second while they run. `earlier`:
/// the run that this one repeats; sources that differ from its own are warnings before anything starts.
Result<RunEnd> execute(const RunOptions& options, const Services& services, const std::function<void()>& tick,
                       const RecordedRun* earlier = nullptr);

struct Kernels {
  std::vector<std::string> lines;       ///< one for each that was built: id, key and directory
  std::vector<kbuild::Artifact> built;  ///< in the same order
  std::optional<Error> error;           ///< why the first of the others was not
};

/// Only builds the kernels of the run. One that fails does not hide the others.
Result<Kernels> build_only(const RunOptions& options, const Services& services,
                           const std::function<void()>& tick);

}  // namespace pinrig::run
