// SPDX-License-Identifier: GPL-2.0
// `pinrig run`: from a run file to assessed verdicts in the store.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/exit_code.h"
#include "kbuild/kernel_build.h"
#include "run/inputs.h"
#include "run/record.h"
#include "run/run_file.h"
#include "run/stages.h"

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

/// What of an interrupted run is not done again.
struct Kept {
  std::map<std::string, store::KernelRow> kernels;  ///< by id: built, or known not to build
  std::set<std::string> guests;                     ///< ids of those that ended
};

/// What a run is made of. The members have to outlive it.
struct Work {
  const Inputs& inputs;
  const Sources& sources;
  const plan::Plan& plan;
};

/// Builds the kernels of a run that has begun, runs its guests, assesses all of it and ends the run; what is
/// `kept` is left as it is. Errors: the end of the run could not be written.
Result<RunEnd> carry_out(const Work& work, const Services& services, RunRecord& record,
                         const std::function<void()>& tick, const Stages& stages, const Kept& kept = {});

struct Kernels {
  std::vector<std::string> lines;       ///< one for each that was built: id, key and directory
  std::vector<kbuild::Artifact> built;  ///< in the same order
  std::optional<Error> error;           ///< why the first of the others was not
};

/// Only builds the kernels of the run. One that fails does not hide the others.
Result<Kernels> build_only(const RunOptions& options, const Services& services,
                           const std::function<void()>& tick);

}  // namespace pinrig::run
