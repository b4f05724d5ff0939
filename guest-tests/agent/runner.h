// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "case_pins.h"
#include "child.h"
#include "ledger.h"
#include "ports.h"
#include "processes.h"
#include "session.h"
#include "watch.h"
#include "wire/messages.h"

namespace pinrig::agent {

/// Shared state of the agent.
struct Guest {
  Ports* ports = nullptr;  ///< null: a shell on the console instead of a host
  Processes processes;
  Ledger ledger;
  Watch watch;
  double kill_limit_ms() const { return 2.5 * ledger.cap_ms(); }
};

/// What to do with processes that a test leaves behind.
enum class Leftovers {
  kill,
  keep,  ///< for the negative control: the ledger must see what they hold
};

struct RunPlan {
  Leftovers leftovers = Leftovers::kill;
  /// Pages that may be outstanding at the end.
  std::int64_t held = 0;
  Extent extent = Extent::everything;  ///< of the samples before and after
  Sink sink;
  std::function<int()> body = nullptr;  ///< instead of the program, see Program
};

/// A test between its start and its end.
struct Running {
  wire::TestEnd end;
  Child child;
  double start_ms = 0;
  CasePins case_pins;  ///< after its end
};

/// Reads the ledger and starts the test; do not reap children before finish_test().
Running start_test(Guest& guest, const wire::Run& run, const RunPlan& plan);
/// Waits for its end or its limit, kills its remaining processes, and reads the ledger again.
wire::TestEnd finish_test(Guest& guest, const wire::Run& run, const RunPlan& plan, Running running);

/// Runs one test: counters, marks, child, reaping, counters. `host_gone` of the guest ends it early.
wire::TestEnd run_test(Guest& guest, const wire::Run& run, const RunPlan& plan);

/// Frames on the results port.
Sink results_sink(Ports& ports, std::uint32_t test_id);

}  // namespace pinrig::agent
