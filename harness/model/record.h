// SPDX-License-Identifier: GPL-2.0
// Facts about tests before judging: pin counters, exits, kernel log.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pinrig::model {

/// The two counters of /proc/vmstat, in base pages (mm/gup.c counts references, not folios).
struct PinSample {
  std::int64_t acquired = 0;
  std::int64_t released = 0;
};

/// What a test claimed to pin, in base pages.
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
  double settle_ms = 0;  ///< duration of the wait after the test
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
  enum class Kind { exited, signaled, timed_out, not_run, lost };  ///< lost: the guest died during the test
  Kind kind = Kind::lost;
  int code = 0;  ///< exit code or signal number
};
const char* to_string(TestExit::Kind kind);

/// A source line of a frame in a kernel's report.
struct SourceLine {
  int frame = 0;  ///< index of its line in KernelEvent::text
  std::string function;
  std::string file;  ///< in the kernel's tree: "mm/gup.c"
  int line = 0;
  bool inlined = false;  ///< into the function of the next entry, which is of the same frame
  int patch = 0;         ///< of the series, the last one that touched the line; 0 = none
};

/// Something that the kernel printed on the console.
struct KernelEvent {
  std::string kind;  ///< "panic", "oops", "warning", "bug", "bad_page", "refcount", "kasan", "hung_task", ...
  std::string title;     ///< normalised: no addresses, pids or CPU numbers; equal titles are the same event
  std::string function;  ///< first frame to blame, or empty
  int first_line = 0;
  int last_line = 0;
  std::string owner;   ///< test that ran, from the /dev/kmsg marks; empty = before, between or after tests
  bool fatal = false;  ///< the kernel did not continue after it
  int count =
      1;  ///< number of reports with this title while this owner ran; the other fields are of the first
  /// The report itself, of the first one: its lines without time stamps, printable ASCII, at most 60 of 300
  /// bytes. Empty when a log holds hundreds of different reports.
  std::vector<std::string> text;
  /// Where the frames of `text` are in the source, by frame, each from the inside to the outside. Empty when
  /// the kernel's vmlinux was not asked or has no debug information.
  std::vector<SourceLine> lines;
};

/// Every word that KernelEvent::kind can be.
const std::vector<std::string>& event_kinds();

/// KernelEvent::text with the source lines behind their frames: " gup_fast+0x1/0x2 mm/gup.c:12, patch 2".
/// Functions that were inlined come before, as lines of their own: " try_grab mm/gup.c:3 [inline]".
std::vector<std::string> located_text(const KernelEvent& event);

/// A process of a test that survived SIGKILL.
struct StuckProcess {
  int pid = 0;
  std::string name;
  std::string state;  ///< of /proc/PID/stat
  std::string stack;  ///< kernel functions, a line each; may be empty
};

/// What makes a test's record untrustworthy.
struct RecordFinding {
  enum class Kind {
    unknown_end,          ///< ended in a way that does not exist
    bad_claim,            ///< an invalid claim line
    impossible_claim,     ///< a claim that no test can make
    impossible_counters,  ///< pin counters out of range
    forged,               ///< data in the results that the agent did not write
    no_end,               ///< the agent reported its end, but the results do not contain it
    ends_differ,          ///< they contain a different one
  };
  Kind kind = Kind::forged;
  std::string text;
};

/// Pages that stayed pinned since these result lines of the test came in (1 = the first); the case after them
/// may have begun by then.
struct CaseLeft {
  int first = 0;
  int last = 0;
  std::int64_t pages = 0;
};

/// Raw facts about one planned test of one job, before judging.
struct TestRecord {
  std::string name;  ///< "suite/test"
  int guest = 1;  ///< guest of the job that ran it: the pin balance of a guest is carried from test to test
  TestExit exit;
  std::string skip_reason;    ///< set by the harness when the test could not be started for a stated reason
  bool skip_foreseen = true;  ///< the reason is what the kernel lacks: such a skip needs no leave
  double wall_s = 0;
  PinLedger ledger;
  std::optional<std::uint64_t> taint_before;  ///< /proc/sys/kernel/tainted; nothing: it could not be read
  std::optional<std::uint64_t> taint_after;
  std::map<std::string, std::int64_t> counters_before;  ///< other vmstat (events) and meminfo (KiB) lines
  std::map<std::string, std::int64_t> counters_after;
  std::string output;               ///< stdout of the test
  std::string errors;               ///< stderr
  std::uint64_t dropped = 0;        ///< bytes of output cut off by the agent's limit
  std::vector<StuckProcess> stuck;  ///< the first few
  int stuck_count = 0;              ///< all of them
  int leftover = 0;                 ///< processes that outlived the main one, and could be killed
  bool logged = true;               ///< the console has the agent's marks around it, and so the kernel's log
  bool once_armed = true;           ///< WARN_ONCE was armed again before the test
  bool once_absent = false;         ///< the kernel has no way to do that
  std::vector<CaseLeft> left;       ///< in which cases pages stayed pinned; the first few
  std::string reached;              ///< numbers of the mutants whose places it reached: "1-4,7"
  std::vector<RecordFinding> findings;
};

}  // namespace pinrig::model
