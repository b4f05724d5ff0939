// SPDX-License-Identifier: GPL-2.0
// The stages of one cell. Each is a function from values to values; pipeline.cc strings them together.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kbuild/kernel_build.h"
#include "run/guest_job.h"
#include "run/platform.h"
#include "store/store.h"

namespace pinrig::run {

/// The name of the build directory that a base has under a configuration, without its architecture.
std::string build_slot(const std::string& base, const std::vector<std::string>& fragments);

/// A kernel point of the run, built or found.
Result<kbuild::Artifact> build_cell(const model::Cell& cell, const Inputs& inputs, const Sources& sources,
                                    const Platform& platform, const Services& services);

/// A job ready to start: everything that repro.sh needs is on disk in `dir`.
struct ReadyJob {
  model::JobSpec spec;
  fs::path dir;
  std::map<std::string, fs::path> drives;
  std::shared_ptr<FileLock> in_use =
      nullptr;  ///< `dir` is no other pinrig's as long as it is held; may be empty
};
Result<ReadyJob> ready_job(const model::Cell& cell, const kbuild::Artifact& kernel, const fs::path& selftests,
                           const Platform& platform, const std::string& run_id, const fs::path& dir,
                           const Services& services);

/// Tests whose symbols the kernel with this .config was built without, and the reason: its version does not
/// have them, or no fragment of the run asks for them.
std::map<std::string, std::string> lacking_symbols(const std::vector<model::TestSpec>& tests,
                                                   const std::string& config);

/// Runs the guest(s) of a job and judges what they left.
struct Judged {
  GuestJobResult guest;
  verdict::Judgement judgement;
};
Result<Judged> run_and_judge(const ReadyJob& job, const Services& services);

/// Verdicts, ledgers and taints as the store keeps them.
std::vector<store::VerdictRow> verdict_rows(const Judged& judged);

/// Writes every test's stdout and stderr to dir/tests/SUITE/NAME.{out,err}.
Result<void> save_outputs(const std::vector<model::TestRecord>& records, const fs::path& dir);

/// The outcome of a cell whose stage failed with `error`.
model::JobOutcome outcome_of_error(const Error& error);

}  // namespace pinrig::run
