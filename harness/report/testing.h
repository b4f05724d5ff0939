// SPDX-License-Identifier: GPL-2.0
// Runs for the tests of report, in a store of their own.
#pragma once

#include <string>
#include <vector>

#include "report/run_data.h"
#include "store/store.h"

namespace pinrig::report {

/// A guest and what it left.
struct GuestSetup {
  store::GuestRow row;
  std::vector<Row> rows;
  std::vector<model::KernelEvent> events = {};
  std::vector<store::AttemptRow> attempts = {};
};

/// A kernel and its guests, the main one first.
struct KernelSetup {
  store::KernelRow row;
  std::vector<GuestSetup> guests;
  GuestSetup& main() { return guests.front(); }
};

/// A kernel that was built, with a main guest that completed and left these rows and events.
KernelSetup kernel(model::Arch arch, int point, const std::string& label, std::vector<Row> rows = {},
                   std::vector<model::KernelEvent> events = {});
/// One that was not built: its guest is planned, and that is all.
KernelSetup not_built(KernelSetup k, store::KernelState state, const std::string& failure);
/// The same kernel under a named configuration.
KernelSetup with_config(KernelSetup k, const std::string& name);
/// A further guest, number 2 or more, as completed as the main one.
GuestSetup further_guest(const KernelSetup& k, int number, std::vector<Row> rows);

/// A directory with a store in it.
struct Fixture {
  Fixture();
  TempDir dir;
  store::Store store;
  store::RunRow run;

  /// Both architectures, base and tip of demo-leak: the leak is caught, all is as expected.
  void caught();
  /// The same with unexpected results: a crash, a lost fork race, a missed leak, unmet expectations.
  void surprises();
  /// Four points on one architecture; patch 2 breaks a test.
  void each_point();
  /// A build failure, a patch that does not apply, a guest that hangs, a run that was interrupted.
  void broken();
  /// One kernel, whose tests took three guests; the third panicked.
  void several_guests();
  /// A known leak on base and tip, and a case and a test that the tip has lost.
  void known_and_lost();
  /// Base and tip under two configurations; the tip leaks under one of them.
  void two_configs();

  /// The whole run: its plan, then kernels and guests as they end (the last guest first).
  void write(std::vector<KernelSetup> kernels);
  void write(const store::RunRow& run_row, std::vector<KernelSetup> kernels);
  void finish(store::RunState state, int exit_code);
};

/// A test's verdict with its pins; `outstanding` pages stay pinned. Assessed as fine.
Row test_row(const std::string& test, model::Verdict v, std::int64_t pins = 0, std::int64_t outstanding = 0);
/// A case of a test. Assessed as fine.
Row case_row(const std::string& test, const std::string& name, model::Verdict v,
             const std::string& detail = {});
/// Sets the assessment of a row.
Row assessed(Row row, model::Rule rule, const std::string& reason = {}, const std::string& reference = {});
/// Marks a row as expected by the series.
Row as_said(Row row, const std::string& reason);
/// Marks a row as an unexpected failure.
Row surprising(Row row, const std::string& detail);

/// Compares with testdata/NAME, or writes it when PINRIG_UPDATE_GOLDEN is set.
void expect_golden(const std::string& name, const std::string& text);

}  // namespace pinrig::report
