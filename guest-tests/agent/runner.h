// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "ledger.h"
#include "ports.h"
#include "processes.h"
#include "session.h"
#include "wire/messages.h"

namespace pinrig::agent {

/// What the parts of the agent share.
struct Guest {
  Ports* ports = nullptr;  ///< null: a shell on the console instead of a host
  Processes processes;
  Ledger ledger;
  double settle_cap_ms = 2000;
  double kill_limit_ms() const { return 2.5 * settle_cap_ms; }
};

/// What becomes of the processes that a test leaves behind.
enum class Leftovers {
  kill,
  keep,  ///< for the negative control: the ledger has to see what they hold
};

struct RunPlan {
  Leftovers leftovers = Leftovers::kill;
  /// Pages that may rightly be outstanding at the end.
  std::int64_t held = 0;
  Sink sink;
};

/// Runs one test: counters, marks, child, reaping, counters. `host_gone` of the guest ends it early.
wire::TestEnd run_test(Guest& guest, const wire::Run& run, const RunPlan& plan);

/// Frames on the results port.
Sink results_sink(Ports& ports, std::uint32_t test_id);

}  // namespace pinrig::agent
