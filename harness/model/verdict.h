// SPDX-License-Identifier: GPL-2.0
// Verdicts, outcomes and what they are folded from.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/record.h"

namespace pinrig::model {

/// The judgement on one test or one case of it. Every planned test starts as `missing`.
enum class Verdict { pass, fail, skip, xfail, xpass, crash, timeout, leak, missing, error };
const char* to_string(Verdict v);
std::optional<Verdict> verdict_from_string(const std::string&);
/// Severity for folding several into one: the larger outranks. missing > error > crash > leak > timeout >
/// fail > xpass > xfail > pass > skip.
int rank(Verdict v);

/// What was going on when something ended.
enum class Phase { none, apply, build, boot, setup, control, test, shutdown };
const char* to_string(Phase phase);  ///< "boot"; "" for none
std::optional<Phase> phase_from_string(const std::string&);

/// How the tests of one guest ended.
struct JobOutcome {
  enum class Kind {
    completed,
    apply_failed,
    build_failed,
    boot_failed,
    panicked,
    timed_out,
    no_output,
    infra_error,
    cancelled
  };
  Kind kind = Kind::infra_error;
  Phase phase = Phase::none;  ///< for timed_out, boot_failed and the like
  std::string
      detail;  ///< one line for people: the patch and hunk, file:line of a compile error, a panic title
};
const char* to_string(JobOutcome::Kind kind);
std::optional<JobOutcome::Kind> outcome_from_string(const std::string&);

/// A report of the kernel that belongs to a row: the policy of configs/policy speaks about these. Reports
/// that the test announced are not among them.
struct Splat {
  std::string kind;                 ///< KernelEvent::kind
  std::string title;                ///< KernelEvent::title
  Verdict verdict = Verdict::fail;  ///< what it counts as; pass: of a kind that counts for nothing
};

/// The judgement on one case (`case_name` non-empty) or on a whole test: what was seen. It is made once, by
/// verdict::judge(), and never changes; whether it is as expected is an Assessment (assessment.h).
struct TestVerdict {
  std::string test;       ///< "suite/test"
  std::string case_name;  ///< empty: the verdict of the test itself
  Verdict verdict = Verdict::missing;
  /// Of a whole test: each verdict for which there is a reason apart from its cases, worst first. `verdict`
  /// is the worst of these and of the cases.
  std::vector<Verdict> own;
  /// Those of `own` for which there is a reason other than `splats`.
  std::vector<Verdict> apart;
  std::vector<Splat> splats;  ///< of the kernel, while a whole test ran; at most 50
  std::string detail;         ///< why, for people
  int line = 0;               ///< in the test's output, 0 = none
  bool foreseen = false;      ///< a skip by the harness: kernel or machine are known to lack something
  double wall_s = 0;
  std::map<std::string, double> numbers;  ///< e.g. get_us, put_us
  /// What the test printed about it, when it is neither a pass nor a skip: "# ..." lines without "# " and
  /// indented text; of a whole test also the end of stderr. At most 20 lines of 300 bytes.
  std::vector<std::string> diagnostics;
};

/// The row for what belongs to no planned test: kernel messages while none ran, a guest that does not power
/// off. Absent if there is nothing to report.
inline constexpr const char* unowned_test = "kernel/console";
/// The row for pages that the kernel did not unpin after the negative control.
inline constexpr const char* control_test = "pinrig/hold_control";

/// One of these two: no program prints its output, and no rerun can be asked for it.
inline bool is_harness_row(const std::string& test) { return test == unowned_test || test == control_test; }

/// A verdict with what was measured around its test (only where case_name is empty).
struct TestResult {
  TestVerdict verdict;
  std::optional<PinLedger> ledger;
  std::optional<std::uint64_t> taint_before;  ///< nothing: not known
  std::optional<std::uint64_t> taint_after;
  std::map<std::string, std::int64_t>
      counters;  ///< after - before of the other vmstat and meminfo lines that moved

  /// Pages that stayed pinned (or were unpinned too often), 0 without a ledger.
  std::int64_t outstanding() const { return ledger && ledger->available ? ledger->outstanding() : 0; }
};

}  // namespace pinrig::model
