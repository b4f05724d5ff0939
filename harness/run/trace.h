// SPDX-License-Identifier: GPL-2.0
// `pinrig repro --trace` and `--strace`: the kernel's trace events, or the system calls, while one test runs.
#pragma once

#include <string>
#include <vector>

#include "job/prepare.h"
#include "run/inputs.h"

namespace pinrig::run {

/// Trace events as tracefs takes them ("page_ref:*", "raw_syscalls:sys_enter") from what was typed: words of
/// `list` separated by commas, each a group (page_ref, block, io_uring, syscalls, kmem, ...), SYSTEM:EVENT or
/// a pattern. bad_usage: none, one with other characters, and gup, which has no events.
Result<std::vector<std::string>> trace_events(const std::string& list);

/// What the shell of a guest runs: the events on, the test, the events off, and the trace between marks.
std::string trace_script(const std::string& test_command, const std::vector<std::string>& events);
/// The same under strace, with all threads and children; the last 2 MiB of what it writes.
std::string strace_script(const std::string& test_command);

/// What such a script left on the console.
struct Trace {
  std::string text;                  ///< tracefs's `trace`: a header of "# ..." lines, then a line per event
  std::vector<std::string> lacking;  ///< events that this kernel does not have
  int code = -1;                     ///< the test's exit code
};
/// infra when the guest ended before its trace, or the kernel has no tracefs.
Result<Trace> read_trace(const std::string& console);

/// Events in a trace, without its header.
std::size_t count_events(const Trace& trace);

/// Boots the guest of `job`, whose only test runs under `events`, and writes trace.txt into its folder. The
/// test has its own limit, scaled, and a minute to print. Errors: as read_trace(), missing_tool, cancelled;
/// infra: no end in time.
Result<Trace> trace(job::ReadyJob job, const std::vector<std::string>& events, const Services& services);

/// The same with strace_script(), into strace.txt: `text` has a line per system call, no header.
Result<Trace> strace(job::ReadyJob job, const Services& services);

/// Adds strace to the guest of `job`. Fetches the distribution's tools when the cache does not have them.
Result<void> add_strace(job::ReadyJob& job, const Services& services);

}  // namespace pinrig::run
