// SPDX-License-Identifier: GPL-2.0
// Is what was seen as expected? One step over a whole run, from facts and files to assessments and the
// exit code. Pure: `pinrig show RUN --reassess` repeats it without booting anything.
//
// For each row of a kernel, in this order; the first rule that applies decides, but a later one can still
// turn an accepted row into a failure (lost):
//
// clang-format off
//   an expectation of run or series matches   expectation; otherwise, when its verdicts do not hold this one
//   the case of a test that one covers        expectation, consequence
//   pass, xfail                               fine
//   skip                                      fine; on a kernel that configs/expectations covers it must
//                                             be foreseen or listed (allowed_skip), else unlisted_skip
//   a known issue has this case and verdict   known_issue; issue_worse, when it leaves more pages than
//                                             `pages:`, or at a patched point more (or another verdict) than
//                                             the base, or without a base in the run
//   a known issue that was looked for         issue_gone, or issue_fixed at a patched point
//   only reports of the kernel speak against   allowed_splat, when configs/policy allows each of them
//   a failure, on a base that no file of       compared, if the base's own and it has patched kernels
//   configs/expectations covers               in the run, or no worse than the base's
//   passes on the reference, and is skipped,  lost: cases as much as tests, unless an expectation says so or
//   an xfail or gone here; xfail there, and   the listed skip comes and goes (`sometimes: true`)
//   skipped or gone here
//   anything else                             failure
//   expect: same, and an expected row that    differs
//   no expectation names is not as on the
//   reference
//   a report of the kernel that configs/policy  denied_splat, whatever was decided before
//   denies
// clang-format on
//
// The reference of a patched kernel is the base of the same architecture and configuration in the same run.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/exit_code.h"
#include "model/assessment.h"
#include "model/guest.h"
#include "model/known.h"

namespace pinrig::assess {

/// The test of which a row is one of several runs: "bio/a" of "bio/a~3" (plan::repeated_name()).
std::string without_run(const std::string& test);

/// What one guest left.
struct GuestFacts {
  std::string id;
  std::vector<std::string> tests;              ///< planned
  std::optional<model::JobOutcome> outcome;    ///< nothing: it never ended
  std::vector<const model::TestResult*> rows;  ///< tests, each followed by its cases
  std::map<std::string, std::string> capabilities;
  bool counters = true;            ///< nr_foll_pin_* exist; true if not checked
  std::vector<std::string> setup;  ///< what was missing from the requested machine
};

/// Whether a kernel was built, and if not, why.
enum class Build { ok, failed, infra, cancelled };

struct KernelFacts {
  std::string id;
  model::Point point;
  bool is_tip = false;
  model::Arch arch = model::Arch::x86_64;
  std::string config;  ///< name of the configuration
  Build build = Build::ok;
  std::map<std::string, std::string> symbols;  ///< its .config
  std::vector<GuestFacts> guests;

  bool is_patched() const { return !point.is_base(); }
};

/// What the expectation files say.
struct Rulebook {
  std::string base;                                 ///< name of the base
  std::vector<model::Expectation> expect;           ///< of the series, then of the run: the last match wins
  bool same = false;                                ///< nothing else may differ from the base
  std::set<std::string> pins_vary;                  ///< tests whose number of pins says nothing about that
  std::map<std::string, std::string> capabilities;  ///< that the tip of the series must have
  std::vector<model::Requirements> requirements;
  std::vector<model::KnownIssue> known_issues;
  std::vector<model::SplatRule> splats;  ///< the first that fits a report decides
  std::string today;                   ///< day on which the run began, "2026-11-30": expired entries are void
  std::vector<std::string> all_tests;  ///< of the project: an expectation about none of them is a typo
};

struct RunAssessment {
  std::vector<model::KernelAssessment> kernels;  ///< as in the facts
  ExitCode code = ExitCode::ok;                  ///< regressions > build > harness > ok
};

RunAssessment assess(const std::vector<KernelFacts>& run, const Rulebook& rules);

/// regressions > could not build or apply > harness errors > ok; an interrupted run outranks them all.
ExitCode fold(ExitCode a, ExitCode b);

/// The kernel that `kernel` is compared with: nothing for a base, or when the run has no judged base.
const KernelFacts* reference_of(const std::vector<KernelFacts>& run, const KernelFacts& kernel);

/// All rows of a kernel, guest by guest.
std::vector<const model::TestResult*> rows_of(const KernelFacts& kernel);

}  // namespace pinrig::assess
