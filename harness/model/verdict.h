// SPDX-License-Identifier: GPL-2.0
// Verdicts, outcomes and what they are folded from.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pinrig::model {

/// The judgement on one test or one case of it. Every planned test is born `missing`.
enum class Verdict { pass, fail, skip, xfail, xpass, crash, timeout, leak, missing, error };
const char* to_string(Verdict v);
std::optional<Verdict> verdict_from_string(const std::string&);
/// Severity for folding several into one: the larger outranks. missing > error > crash > leak > timeout >
/// fail > xpass > xfail > pass > skip.
int rank(Verdict v);

/// How one attempt at a cell (a job) ended.
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
  std::string phase;  ///< "boot", "setup", "test", "shutdown"; for timed_out and boot_failed
  std::string
      detail;  ///< one line for people: the patch and hunk, file:line of a compile error, a panic title
};
const char* to_string(JobOutcome::Kind kind);

/// The two counters of /proc/vmstat, in base pages (mm/gup.c counts references, not folios).
struct PinSample {
  std::int64_t acquired = 0;
  std::int64_t released = 0;
};

/// What a test said it would pin, in base pages.
struct PinClaim {
  enum class Mode { net_zero, exact, at_least };
  Mode mode = Mode::net_zero;
  std::int64_t pages = 0;
  /// Page sections that went through legacy direct I/O on a kernel where folio_add_pin() does not count:
  /// each adds 2 to `released` only (6.12 mm/gup.c:218, fs/direct-io.c).
  std::int64_t skew_sections = 0;
};

/// Pin counters around one test, folded (vm.stat_refresh) and settled.
struct PinLedger {
  bool available = false;  ///< false: this kernel has no counters; the numbers mean nothing
  PinSample before;
  PinSample after;
  bool settled_before = false;
  bool settled_after = false;
  double settle_ms = 0;  ///< time the wait after the test took
  std::optional<PinClaim> claim;

  std::int64_t acquired() const { return after.acquired - before.acquired; }
  std::int64_t released() const { return after.released - before.released; }
  /// Pages pinned by the test and not unpinned; negative = unpinned more than pinned. Corrected for the skew.
  std::int64_t outstanding() const {
    return acquired() - released() + (claim ? 2 * claim->skew_sections : 0);
  }
};

/// How the main process of a test ended.
struct TestExit {
  enum class Kind { exited, signaled, timed_out, not_run, lost };  ///< lost: the guest died under it
  Kind kind = Kind::lost;
  int code = 0;  ///< exit code or signal number
};
const char* to_string(TestExit::Kind kind);

/// Something the kernel said on the console.
struct KernelEvent {
  std::string kind;  ///< "panic", "oops", "warning", "bug", "bad_page", "refcount", "kasan", "hung_task", ...
  std::string title;     ///< normalised: no addresses, pids or CPU numbers; equal titles are the same event
  std::string function;  ///< first frame that is to blame, or empty
  int first_line = 0;
  int last_line = 0;
  std::string owner;   ///< test that ran, from the /dev/kmsg marks; empty = before, between or after tests
  bool fatal = false;  ///< the kernel did not go on after it
};

/// Raw facts on one planned test of one job, before judging.
struct TestRecord {
  std::string name;  ///< "suite/test"
  TestExit exit;
  std::string skip_reason;  ///< set by the harness when the test could not be started for a stated reason
  double wall_s = 0;
  PinLedger ledger;
  std::optional<std::uint64_t> taint_before;  ///< /proc/sys/kernel/tainted; nothing: it could not be read
  std::optional<std::uint64_t> taint_after;
  std::map<std::string, std::int64_t> counters_before;  ///< other vmstat (events) and meminfo (KiB) lines
  std::map<std::string, std::int64_t> counters_after;
  std::string output;         ///< stdout of the test
  std::string errors;         ///< stderr
  std::uint64_t dropped = 0;  ///< bytes of output cut off by the agent's limit
};

/// The judgement on one case (`case_name` non-empty) or on a whole test.
struct TestVerdict {
  std::string test;       ///< "suite/test"
  std::string case_name;  ///< empty: the verdict of the test itself
  Verdict verdict = Verdict::missing;
  std::string detail;       ///< why, for people
  int line = 0;             ///< in the test's output, 0 = none
  bool expected = false;    ///< nothing to worry about: pass, skip with a known reason, or as the series says
  std::string expectation;  ///< reason of the expectation that matched
  bool foreseen = false;    ///< a skip by the harness, for what kernel and machine were known to lack
  double wall_s = 0;
  std::map<std::string, double> numbers;  ///< e.g. get_us, put_us
};

}  // namespace pinrig::model
