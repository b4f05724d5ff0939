// SPDX-License-Identifier: GPL-2.0
// results.db: every run with its kernels, guests, attempts, verdicts and events. The only user of SQLite.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "store/night_rows.h"
#include "store/rows.h"

namespace pinrig::store {

/// The version of the schema that this pinrig writes.
int schema_version();

class Store {
 public:
  /// Opens or creates (WAL); migrates an older schema in one transaction. A newer schema and the database of
  /// another program are bad_input; a damaged or unwritable file is infra, with its name.
  static Result<Store> open(const fs::path& file);
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  ~Store();

  /// The run with its whole plan: a kernel or guest that makes no progress stays as written here.
  Result<void> begin_run(const RunRow& run, const std::vector<KernelRow>& kernels,
                         const std::vector<GuestRow>& guests);
  /// The series of a run, with all its patches in order. Replaces what was there.
  Result<void> set_series(const SeriesRow& series, const std::vector<PatchRow>& patches);
  /// The state of a kernel of the plan, by its run and id.
  Result<void> update_kernel(const KernelRow& kernel);
  /// One transaction: how a guest of the plan ended, its attempts, what was seen and what the kernel logged.
  /// Replaces an earlier call for the same guest.
  Result<void> end_guest(const GuestRow& guest, const std::vector<AttemptRow>& attempts,
                         const std::vector<model::AssessedResult>& results,
                         const std::vector<model::KernelEvent>& events);
  /// One transaction: the assessments of a whole run, replacing earlier ones. Verdicts are not touched.
  Result<void> assess_run(const std::string& run_id, const std::vector<model::KernelAssessment>& kernels);
  /// infra when there is no such run.
  Result<void> finish_run(const std::string& id, RunState state, int exit_code);
  /// One transaction: an interrupted run is `running` again. Its `kernels` and `guests` are as planned,
  /// without attempts, results and events; all others stay as they ended. bad_usage when the run is not
  /// interrupted.
  Result<void> resume_run(const std::string& id, const std::vector<KernelRow>& kernels,
                          const std::vector<GuestRow>& guests);
  /// Those of these runs that are still `running` belong to a dead process: they become `interrupted`.
  /// Returns how many.
  Result<int> mark_interrupted(const std::vector<std::string>& dead);
  /// Deletes a run from the database. The caller removes its folder.
  Result<void> delete_run(const std::string& id);

  /// Names a run that others are compared with; replaces an earlier one of that name.
  Result<void> set_baseline(const BaselineRow& baseline);
  /// Whether there was one.
  Result<bool> drop_baseline(const std::string& name);
  Result<std::vector<BaselineRow>> baselines() const;  ///< by name; their runs may be gone

  Result<std::vector<RunRow>> runs(int limit) const;  ///< newest first
  /// Finished runs of the user with the run file, base, series and selection of `run`, that began before it,
  /// newest first, `run` itself in front whatever its state; `limit` at most. In the order in which they
  /// began, whatever their clocks said.
  Result<std::vector<RunRow>> line_of(const RunRow& run, int limit) const;
  /// The verdicts of these runs, without anything else about them.
  Result<NightRows> nights(const std::vector<RunRow>& runs) const;
  /// Numbers of the tests of these guests (GuestColumn::guest).
  Result<std::vector<MeasureRow>> measures(const std::vector<std::int64_t>& guests) const;
  /// A row with all that is known of it, of each of these guests that has it.
  Result<std::vector<HistoryRow>> history(const std::string& test, const std::string& case_name,
                                          const std::vector<std::int64_t>& guests) const;
  /// By id, unique prefix of one, or "last"; an ambiguous prefix is bad_usage and lists the runs.
  Result<std::optional<RunRow>> find_run(const std::string& id) const;
  /// Kernels and guests in the order of the plan.
  Result<std::vector<KernelRow>> kernels(const std::string& run_id) const;
  Result<std::optional<SeriesRow>> series(
      const std::string& run_id) const;  ///< nothing: no series, or an old run
  Result<std::vector<PatchRow>> patches(const std::string& run_id) const;
  /// Ids of runs that had a patch with this patch-id or from this mail, a series with this cover letter, or
  /// the series of this name; newest first. Empty words match nothing.
  Result<std::vector<std::string>> runs_of_mail(const std::string& message_id, const std::string& patch_id,
                                                const std::string& series = {}) const;
  Result<std::vector<GuestRow>> guests(const std::string& run_id) const;
  Result<std::vector<AttemptRow>> attempts(const std::string& run_id, const std::string& guest_id) const;
  Result<std::vector<model::AssessedResult>> results(const std::string& run_id,
                                                     const std::string& guest_id) const;
  Result<std::vector<model::KernelEvent>> events(const std::string& run_id,
                                                 const std::string& guest_id) const;
  /// Capabilities that runs other than `but_run` found of the kernel under this key, the newest value of
  /// each; "unknown" is none.
  Result<std::map<std::string, std::string>> capabilities(const std::string& kernel_key,
                                                          const std::string& but_run) const;

 private:
  struct Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace pinrig::store
