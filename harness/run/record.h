// SPDX-License-Identifier: GPL-2.0
// The record of a run while it is running.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "assess/assess.h"
#include "base/exit_code.h"
#include "job/result.h"
#include "run/inputs.h"
#include "store/store.h"

namespace pinrig::run {

/// A run's folder, its rows in the store and the lock that says "this run is alive". Kernels and guests are
/// added from several threads. Facts are written as they come; nothing is assessed before all of them are
/// stored.
class RunRecord {
 public:
  /// Writes run.json and the whole plan.
  static Result<RunRecord> begin(store::Store store, const RunOptions& options, const Inputs& inputs,
                                 const Sources& sources, const plan::Plan& plan, const Services& services);

  /// Goes on with an interrupted run, whose lock is `alive`: `kernels` and `guests`, as planned, start over,
  /// and what these guests left is removed.
  static Result<RunRecord> resume(store::Store store, store::RunRow run, FileLock alive,
                                  const std::vector<store::KernelRow>& kernels,
                                  const std::vector<store::GuestRow>& guests);

  const std::string& id() const { return row_.id; }
  fs::path dir() const { return row_.dir; }
  fs::path kernel_dir(const model::Kernel& kernel) const {
    return fs::path(row_.dir) / "kernels" / kernel.id;
  }
  fs::path guest_dir(const model::Guest& guest) const { return fs::path(row_.dir) / "guests" / guest.id; }

  /// `inherits`: the kernel of an earlier point whose results are those of this one; its guests do not run.
  Result<void> kernel_built(const model::Kernel& kernel, const kbuild::Artifact& artifact,
                            const std::string& inherits = {});
  /// A kernel that is not available: its guests never start, and none of their tests is judged.
  Result<void> kernel_failed(const model::Kernel& kernel, const Error& error);
  /// A kernel that was not tried because what its guests need could not be made.
  Result<void> platform_failed(const model::Kernel& kernel, const Error& error);
  Result<void> guest_ended(const model::Kernel& kernel, const model::Guest& guest,
                           const job::Platform& platform, const job::GuestResult& result);
  /// A guest that ended before it could be judged.
  Result<void> guest_failed(const model::Kernel& kernel, const model::Guest& guest, const Error& error);
  /// Writes again what could not be written before, assesses the run and ends it. `interrupted` outranks what
  /// the rows say. Of a run that was not interrupted, a guest or kernel without an end is one whose end could
  /// not be written: an error of the harness.
  Result<ExitCode> finish(bool interrupted, const Inputs& inputs);

 private:
  using Write = std::function<Result<void>(store::Store&)>;

  RunRecord(store::Store store, store::RunRow row, FileLock alive);
  /// Keeps a write that fails (a full disk) for finish().
  Result<void> write(Write row);
  /// The row of a kernel that was not built, with the log of the failed build kept in `log_dir`.
  Result<void> write_unbuilt(store::KernelRow row, const Error& error, const fs::path& log_dir);

  std::unique_ptr<std::mutex> mutex_ = std::make_unique<std::mutex>();
  store::Store store_;
  store::RunRow row_;
  FileLock alive_;
  std::vector<Write> unwritten_;
};

/// The row of a guest as it ended.
store::GuestRow guest_row(const std::string& run_id, const std::string& kernel_id, const model::Guest& guest,
                          const job::GuestResult& result);
/// Attempts and rows as the store takes them.
std::vector<store::AttemptRow> attempt_rows(const job::GuestResult& result);
std::vector<model::AssessedResult> unassessed(std::vector<model::TestResult> results);

}  // namespace pinrig::run
