// SPDX-License-Identifier: GPL-2.0
// The agent's messages about one test: at its begin and at its end. Part of messages.h.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "wire/fields.h"

namespace pinrig::wire {

/// Also on the results port when a test starts, so that the name is known if the guest dies.
struct TestBegin {
  std::string type = "test_begin";
  std::uint32_t id = 0;
  std::string name;
};
PINRIG_MESSAGE(TestBegin, type, id, name)

/// Lines of the claim descriptor (PINRIG_CLAIM_FD), summed up by the agent: "exact N", "atleast N", "skew S".
struct Claim {
  std::string mode = "net_zero";  ///< "exact" if all lines were exact, "at_least" if one was atleast
  std::int64_t pages = 0;
  std::int64_t skew_sections = 0;
};
PINRIG_MESSAGE(Claim, mode, pages, skew_sections)

/// One settled sample of the counters.
struct Sample {
  bool available = false;
  bool settled = false;
  std::int64_t acquired = 0;
  std::int64_t released = 0;
  double settle_ms = 0;
  std::int64_t taint = -1;                       ///< /proc/sys/kernel/tainted; -1: it could not be read
  std::map<std::string, std::int64_t> counters;  ///< vmstat events, meminfo KiB
};
PINRIG_MESSAGE(Sample, available, settled, acquired, released, settle_ms, taint, counters)

/// A process of a test that survived SIGKILL, because it is stuck in the kernel.
struct StuckProcess {
  int pid = 0;
  std::string name;
  std::string state;  ///< of /proc/PID/stat: "D"; "Z": its main thread is dead, but another one is not
  std::string stack;  ///< /proc/PID/stack, cut; empty when the kernel has none (CONFIG_STACKTRACE)
};
PINRIG_MESSAGE(StuckProcess, pid, name, state, stack)

/// Pages that stayed pinned since the result lines `first` to `last` of the test (1 = the first) came in; the
/// case after those may have begun by then.
struct CaseLeft {
  int first = 0;
  int last = 0;
  std::int64_t pages = 0;
};
PINRIG_MESSAGE(CaseLeft, first, last, pages)

struct TestEnd {
  std::string type = "test_end";
  std::uint32_t id = 0;
  std::string how;                  ///< "exited", "signaled", "timed_out", "not_run"
  int code = 0;                     ///< exit code or signal number; errno for not_run
  std::string problem;              ///< not_run: what failed; timed_out: why before its limit
  std::string bad_claim;            ///< the first invalid claim line, with the valid forms
  std::vector<StuckProcess> stuck;  ///< the first few
  int stuck_count = 0;              ///< all of them; the guest cannot run another test
  double wall_s = 0;
  int leftover = 0;           ///< processes of the test that were alive when its main process ended
  std::uint64_t dropped = 0;  ///< output bytes beyond the limit
  /// WARN_ONCE and similar were armed again before the test
  /// (/sys/kernel/debug/clear_warn_once; kernel/panic.c, clear_warn_once_set()).
  bool once_armed = false;
  bool once_absent = false;  ///< a kernel without debugfs cannot do that
  Claim claim;
  Sample before;
  Sample after;
  std::vector<CaseLeft> left;  ///< the first few; empty where nothing was left, or cases were not watched
  std::string reached;         ///< /proc/pinrig_reached of a kernel with mutants: "1-4,7"; empty elsewhere
};
PINRIG_MESSAGE(TestEnd, type, id, how, code, problem, bad_claim, stuck, stuck_count, wall_s, leftover,
               dropped, once_armed, once_absent, claim, before, after, left, reached)

}  // namespace pinrig::wire
