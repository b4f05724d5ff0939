// SPDX-License-Identifier: GPL-2.0
// Repeats a saved job: what repro.sh and `pinrig rerun` do.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/exit_code.h"
#include "job/result.h"
#include "run/inputs.h"

namespace pinrig::run {

using job::ReadyJob;

struct RerunOptions {
  fs::path job_file;               ///< job.json
  std::vector<std::string> tests;  ///< as plan::select() takes them; empty = all of the job
  std::optional<kbuild::Artifact> kernel = std::nullopt;  ///< instead of the job's own
};

/// Prepares a saved job in a new directory next to job.json (rerun-1, rerun-2, ...). bad_input when an
/// artifact that it names is no longer in the cache (the hint says how to rebuild it).
Result<ReadyJob> ready_again(const RerunOptions& options, const Services& services);

/// Runs it. regressions when a verdict is neither pass, skip nor xfail.
struct RerunEnd {
  job::GuestResult result;
  std::string text;  ///< set-up problems, notes, and a last line that says how it ended
  ExitCode code = ExitCode::harness;
};
Result<RerunEnd> rerun(const ReadyJob& job, const Services& services);

}  // namespace pinrig::run
