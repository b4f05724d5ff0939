// SPDX-License-Identifier: GPL-2.0
// Runs for the tests of report, in a store of their own.
#pragma once

#include <string>

#include "store/store.h"

namespace pinrig::report {

/// A directory with a store in it.
struct Fixture {
  Fixture();
  TempDir dir;
  store::Store store;
  store::RunRow run;

  /// Both architectures, base and tip of demo-leak: the leak is caught, all is as expected.
  void caught();
  /// The same with what nobody expected: a crash, a lost fork race, a missed leak, unmet expectations.
  void surprises();
  /// Four points on one architecture; patch 2 breaks a test.
  void each_point();
  /// A build failure, a patch that does not apply, a guest that hangs, a run that was interrupted.
  void broken();

  /// One kernel, whose tests took three guests; the third panicked.
  void several_guests();

  void add(const store::JobRow& job, const std::vector<store::VerdictRow>& rows,
           const std::vector<model::KernelEvent>& events = {});
  void finish(const std::string& state, int exit_code);
};

/// A completed job of a cell.
store::JobRow job_row(const std::string& run, model::Arch arch, int point, const std::string& label);
/// A test's verdict with its pins; `outstanding` pages stay pinned.
store::VerdictRow test_row(const std::string& test, model::Verdict v, std::int64_t pins = 0,
                           std::int64_t outstanding = 0);
/// A case of a test.
store::VerdictRow case_row(const std::string& test, const std::string& name, model::Verdict v,
                           const std::string& detail = {});
/// Marks a row as what the series says.
store::VerdictRow as_said(store::VerdictRow row, const std::string& reason);
/// Marks a row as surprising.
store::VerdictRow surprising(store::VerdictRow row, const std::string& detail);

/// Compares with testdata/NAME, or writes it when PINRIG_UPDATE_GOLDEN is set.
void expect_golden(const std::string& name, const std::string& text);

}  // namespace pinrig::report
