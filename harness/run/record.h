// SPDX-License-Identifier: GPL-2.0
// The run as it is written down while it goes on.
#pragma once

#include <mutex>
#include <string>

#include "base/exit_code.h"
#include "run/stages.h"

namespace pinrig::run {

/// A cell as the record needs it.
struct RecordedCell {
  const model::Cell& cell;
  bool is_tip = false;
  std::string version;              ///< of the kernel's source: "6.12.117"
  std::vector<std::string> chosen;  ///< tests of all guests of its kernel
  bool is_main() const { return cell.id == cell.kernel; }
};

/// A run directory, its row in the store and the lock that says "this run is alive". Cells are added from
/// several threads.
class RunRecord {
 public:
  static Result<RunRecord> begin(store::Store store, const Inputs& inputs, const Services& services);

  const std::string& id() const { return row_.id; }
  fs::path cell_dir(const model::Cell& cell) const { return fs::path(row_.dir) / "cells" / cell.id; }

  /// A cell that ended with verdicts: applies the expectations, stores all, returns its share of the exit
  /// code.
  Result<ExitCode> add(const RecordedCell& recorded, const Inputs& inputs, const kbuild::Artifact& kernel,
                       const Platform& platform, const Judged& judged);
  /// A cell that ended before its guest did: every test stays missing.
  Result<ExitCode> add_failed(const RecordedCell& recorded, const Error& error);
  /// When all cells are in: a test that passes at the base of its architecture and is only skipped at a later
  /// point is a regression (verdict::weigh_against_base). ok when there is none.
  Result<ExitCode> weigh_against_base();
  Result<void> finish(const std::string& state, ExitCode code);

 private:
  RunRecord(store::Store store, store::RunRow row, FileLock alive);
  std::unique_ptr<std::mutex> mutex_ = std::make_unique<std::mutex>();
  store::Store store_;
  store::RunRow row_;
  FileLock alive_;
};

}  // namespace pinrig::run
