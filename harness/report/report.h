// SPDX-License-Identifier: GPL-2.0
// A finished (or interrupted) run for people and machines; reads the store, and in its folder coverage.json
// and holders.json.
#pragma once

#include <string>

#include "assess/assess.h"
#include "base/result.h"
#include "store/store.h"

namespace pinrig::report {

struct Style {
  bool color = false;
  bool unicode = true;
  int width = 100;       ///< columns
  bool verbose = false;  ///< every case, not only the interesting ones
  bool quiet = false;    ///< the last line only
};

/// The part of a run to show.
struct Selection {
  std::string guest = {};  ///< empty: all of the run
  std::string test = {};   ///< "suite/test" or "suite/test:case"; empty: the whole guest
  const assess::RunAssessment* assessment = nullptr;  ///< with its exit code, instead of the stored one
  std::string attach_root = {};  ///< attachments in JUnit are relative to this folder; empty: absolute
};

/// The table tests × points (base next to tip, per architecture), the pin balance, what changed between base
/// and tip, unexpected verdicts with their reasons, and the commands for next steps.
Result<std::string> terminal(const store::Store& store, const store::RunRow& run, const Style& style);
// An unknown guest or test is bad_usage and names the nearest.

/// JUnit XML: a testsuite for the run (exit code, kernels that were not built, expectations that are not met)
/// and one per guest, one testcase per test and case.
Result<std::string> junit(const store::Store& store, const store::RunRow& run, const Selection& what = {});
/// KTAP version 1: one subtest per kernel and guest, below it one per test, below it the cases.
Result<std::string> ktap(const store::Store& store, const store::RunRow& run, const Selection& what = {});
/// Everything the store has, for other programs; keys are documented in harness/report/README.md and in
/// harness/docs/pinrig-run.schema.json.
Result<std::string> json(const store::Store& store, const store::RunRow& run, const Selection& what = {});
/// A KCIDB report (JSON, schema 5.3): checkouts, builds, tests, and incidents of known issues.
Result<std::string> kcidb(const store::Store& store, const store::RunRow& run, const Selection& what = {});
/// CTRF (JSON): one test per test and kernel, its cases are steps.
Result<std::string> ctrf(const store::Store& store, const store::RunRow& run, const Selection& what = {});
/// Markdown for the summary of a GitHub step, at most 200 KiB.
Result<std::string> github(const store::Store& store, const store::RunRow& run, const Selection& what = {});
/// Workflow commands of GitHub: at most ten errors and ten warnings.
Result<std::string> annotations(const store::Store& store, const store::RunRow& run,
                                const Selection& what = {});
/// Gauges in the text format of Prometheus, without time stamps; at most some 5000.
Result<std::string> metrics(const store::Store& store, const store::RunRow& run, const Selection& what = {});

/// `31 of 34 changed lines ran in 14 tests; ...` of one patch, from coverage.json in the run's folder; empty
/// where nothing was counted.
Result<std::string> lines_run(const store::RunRow& run, int patch, model::Arch arch);

}  // namespace pinrig::report
