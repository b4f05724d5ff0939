// SPDX-License-Identifier: GPL-2.0
// The judged results of a guest: values for the store, and files in addition to the raw bytes.
#pragma once

#include <string>
#include <vector>

#include "job/guest_job.h"
#include "job/prepare.h"

namespace pinrig::job {

/// The results of one guest.
struct GuestResult {
  GuestJobResult guest;
  model::JobOutcome outcome;                        ///< infra_error when the ledger's negative control failed
  std::vector<model::TestResult> results;           ///< tests, each followed by its cases
  std::map<std::string, std::string> capabilities;  ///< that its tests reported
};

/// Boots, runs and judges; writes the tests' outputs and result.json into the job's folder. Failures of the
/// guest are in the result; an Error means that pinrig or the machine failed.
Result<GuestResult> run_and_judge(const ReadyJob& job, const Services& services,
                                  const Steer& steer = nullptr);

/// The same for a guest whose pinrig was killed: judges what results.raw and console.raw hold. Nothing when
/// the folder has no job.json.
Result<std::optional<GuestResult>> judge_leftovers(const fs::path& dir);

/// Writes every test's stdout and stderr to dir/tests/SUITE/NAME.{out,err}.
Result<void> save_outputs(const std::vector<model::TestRecord>& records, const fs::path& dir);

}  // namespace pinrig::job
