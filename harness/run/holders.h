// SPDX-License-Identifier: GPL-2.0
// `pinrig repro --holders` and `pinrig run --holders`: who holds the pins that a test left behind, found on
// the debug kernel of its point.
#pragma once

#include "holders/json.h"
#include "run/inputs.h"
#include "run/repro.h"

namespace pinrig::run {

struct HoldersEnd {
  holders::Report report;
  fs::path dir;         ///< of the guest; its console.raw has the trace
  bool wrong = false;   ///< something is not as it should be, and not so on the base
  double traced_s = 0;  ///< that the guests took
};

/// Runs the test of `choice` alone with the events of page_ref, and matches pins and releases. When the
/// kernel finds pages bad meanwhile, the test runs a second time with every change of these pages. When
/// something is wrong on a patched point, it runs on the base as well: what is so there, too, is not of the
/// series; a base that cannot be run is Report::base_problem. Writes holders.txt and holders.json into the
/// folder. bad_usage: the line is of no test. infra: the guest did not end in time. Errors of building.
Result<HoldersEnd> find_holders(const ReproChoice& choice, const Services& services);

/// The leaks of a run that its report is to explain, at most one of a test on each architecture, on its last
/// point: unexpected ones first. Not those of known issues.
Result<std::vector<Line>> leaks_of(const store::Store& store, const store::RunRow& run);

/// How much of that a run does after its guests have ended.
inline constexpr std::size_t most_traced_tests = 3;
inline constexpr Seconds most_traced_time{600};  ///< of guests; none begins after that

/// Traces the leaks of `run`, which has been assessed, and writes holders.json into its folder, for reports;
/// nothing without a leak. A test that cannot be traced is a finding with its reason, and a warning.
Result<void> explain_leaks(const store::Store& store, const store::RunRow& run, const Services& services);

}  // namespace pinrig::run
