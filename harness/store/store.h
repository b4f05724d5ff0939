// SPDX-License-Identifier: GPL-2.0
// results.db: every run, job, verdict and event. The only user of SQLite.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "model/job.h"

namespace pinrig::store {

/// Ends RunRow::spec where faults were put into tests by their environment: what failed says nothing of the
/// kernel.
inline constexpr char with_faults[] = "+faults";

struct RunRow {
  std::string id;    ///< "20261121-010203-4f2a"
  std::string spec;  ///< name of the run file
  std::string base;
  std::string series;    ///< empty = none
  std::string started;   ///< ISO 8601, UTC
  std::string finished;  ///< empty while running or after a kill
  std::string state;     ///< "running", "finished", "interrupted", "failed"
  int exit_code = -1;
  std::string dir;   ///< artifacts
  std::string host;  ///< JSON: cpus, QEMU version, kernel
};

struct JobRow {
  std::string run_id;
  std::string cell_id;
  model::Point point;
  bool is_tip = false;
  model::Arch arch = model::Arch::x86_64;
  std::string config;
  std::string machine;
  std::string accel;         ///< "tcg", "kvm"; empty when the guest never started
  std::string accel_reason;  ///< why, when it is not what was hoped for: "KVM does not work here: ..."
  std::string cpu_model;
  std::string kernel_key;  ///< of the artifact
  std::string kernel_release;
  model::JobOutcome outcome;
  double build_wall_s = 0;
  bool build_cached = false;
  double boot_s = 0;  ///< QEMU spawn to the agent's hello
  double wall_s = 0;  ///< of the guest
  std::string dir;    ///< artifacts of the job
  std::map<std::string, std::string> capabilities;
  std::vector<std::string> notes;  ///< compiler warnings, set-up problems
  std::vector<std::string> unmet;  ///< required expectations that found no test, and capabilities that differ
};

/// A verdict with the ledger and counters of its test (only where case_name is empty).
struct VerdictRow {
  model::TestVerdict verdict;
  std::optional<model::PinLedger> ledger;
  std::optional<std::uint64_t> taint_before;  ///< nothing: not known
  std::optional<std::uint64_t> taint_after;
  std::map<std::string, std::int64_t>
      counters;  ///< after - before of the other vmstat and meminfo lines that moved
};

class Store {
 public:
  /// Opens or creates (WAL); migrates an older schema in one transaction. A newer schema and the database of
  /// another program are bad_input; a damaged or unwritable file is infra and names itself.
  static Result<Store> open(const fs::path& file);
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  ~Store();

  Result<void> begin_run(const RunRow& run);
  /// One transaction: the job, its verdicts and events. Replaces an earlier attempt at the same cell.
  Result<void> add_job(const JobRow& job, const std::vector<VerdictRow>& verdicts,
                       const std::vector<model::KernelEvent>& events);
  Result<void> finish_run(const std::string& id, const std::string& state, int exit_code);
  /// Those of these runs that are still "running" were left so by a process that is gone: they become
  /// "interrupted". Returns how many.
  Result<int> mark_interrupted(const std::vector<std::string>& dead);

  Result<std::vector<RunRow>> runs(int limit) const;  ///< newest first
  /// By id, unique prefix of one, or "last"; an ambiguous prefix is bad_usage and lists the runs.
  Result<std::optional<RunRow>> find_run(const std::string& id) const;
  Result<std::vector<JobRow>> jobs(const std::string& run_id) const;  ///< in order of add_job
  /// Capabilities that runs other than `but_run` found of the kernel under this key, the newest value of
  /// each; "unknown" is none.
  Result<std::map<std::string, std::string>> capabilities(const std::string& kernel_key,
                                                          const std::string& but_run) const;
  Result<std::vector<VerdictRow>> verdicts(const std::string& run_id, const std::string& cell_id) const;
  Result<std::vector<model::KernelEvent>> events(const std::string& run_id, const std::string& cell_id) const;

 private:
  struct Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace pinrig::store
