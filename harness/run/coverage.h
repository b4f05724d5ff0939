// SPDX-License-Identifier: GPL-2.0
// `pinrig run --coverage`: from the counters that guests sent to coverage.json in the run's folder, and back.
#pragma once

#include <mutex>
#include <vector>

#include "coverage/coverage.h"
#include "job/result.h"
#include "kbuild/kernel_build.h"
#include "run/inputs.h"
#include "store/store.h"

namespace pinrig::run {

/// What the coverage kernels of a run counted. Guests are added from several threads.
class CoverageRecord {
 public:
  CoverageRecord(const Sources& sources, const plan::Plan& plan, const Services& services)
      : sources_(sources), plan_(plan), services_(services) {}

  /// Adds the tests of one guest of a coverage kernel; does nothing for other kernels. Runs gcov on what each
  /// test counted. Errors: missing_tool, infra, cancelled.
  Result<void> add(const model::Kernel& kernel, const kbuild::Artifact& artifact,
                   const job::GuestResult& result);
  /// Writes coverage.json; nothing when no coverage kernel ran.
  Result<void> write(const fs::path& run_dir);

 private:
  const Sources& sources_;
  const plan::Plan& plan_;
  const Services& services_;
  std::mutex mutex_;
  std::vector<coverage::KernelLines> kernels_;
};

/// Whether the series changes C files of the kernel: lines of headers count in their objects only.
bool has_objects(const git::AppliedSeries& series);

/// gcov for every architecture of the run: missing_tool before half an hour of building.
Result<void> check_gcov(const Inputs& inputs);

/// A series on its base: the patches up to `last` with the lines that each of them owns there, and what they
/// left of the base's. No kernels.
Result<coverage::RunCoverage> series_lines(const Sources& sources, int last, const Services& services);

/// `--test touched`: keeps those of the run's tests that stored runs with --coverage know to run lines of the
/// series: runs of the same patches, or else of others on the same base, for the lines of the base that the
/// series changes. Without such a run all tests stay, and the run gets --coverage. Says which on the screen.
/// Does nothing without that word. bad_usage when there is no series, or no test would be left.
Result<void> choose_touched(Inputs& inputs, const Sources& sources, const store::Store& store,
                            const Services& services);

}  // namespace pinrig::run
