// SPDX-License-Identifier: GPL-2.0
// From raw facts to verdicts. Pure.
#pragma once

#include <string>
#include <vector>

#include "console/console.h"
#include "ktap/ktap.h"
#include "model/job.h"
#include "wire/messages.h"

namespace pinrig::verdict {

/// Everything known about one finished job.
struct JobFacts {
  model::JobOutcome outcome;
  std::vector<model::TestSpec> planned;
  std::vector<model::TestRecord> records;  ///< by name; a planned test without one stays missing
  std::vector<model::KernelEvent> events;
  bool control_ran = false;                ///< the ledger's negative control was carried out
  wire::HoldResult control;
  int control_pages = 0;                   ///< what was asked for
  bool counters = false;                   ///< the kernel has nr_foll_pin_*
};

struct Judgement {
  model::JobOutcome outcome;                    ///< infra_error when the negative control failed
  std::vector<model::TestVerdict> verdicts;     ///< per planned test one with empty case_name, then its cases
  std::map<std::string, std::string> capabilities;  ///< "# capability NAME VALUE" lines of the tests
};

/// Earned verdicts: exit status, KTAP findings, ledger, events and taint all have to agree for a pass.
Judgement judge(const JobFacts& facts);

/// Sets expected/expectation of every verdict from the expectations that match (the last match wins;
/// none: pass, skip and xfail are expected). Returns what a required expectation did not find, one line each.
std::vector<std::string> apply_expectations(std::vector<model::TestVerdict>& verdicts,
                                            const std::vector<model::Expectation>& expect, const model::Point& point,
                                            bool is_tip, model::Arch arch);

}  // namespace pinrig::verdict
