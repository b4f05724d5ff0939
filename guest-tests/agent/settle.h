// SPDX-License-Identifier: GPL-2.0
// When the pin counters can be trusted. Pure: counters and time are inputs.
//
// Three facts make one read worthless. The counters are per-CPU batched and must be folded first
// (mm/vmstat.c, vmstat_refresh). Asynchronous I/O wakes its waiter before it unpins (block/fops.c,
// iomap/direct-io.c). A dead process's rings, registered buffers and umems are taken down by workers.
#pragma once

#include <optional>
#include <vector>

#include "counters.h"

namespace pinrig::agent {

/// The source of counters and time.
class Gauge {
 public:
  virtual ~Gauge() = default;
  /// Folds and reads; nothing when the kernel has no such counters.
  virtual std::optional<Pins> read() = 0;
  virtual double now_ms() = 0;
  virtual void pause(double ms) = 0;
};

struct SettleRule {
  /// Balances (acquired - released) at which no more changes are expected.
  std::vector<std::int64_t> targets;
  double at_target_ms = 4;   ///< unchanged that long at a target: settled
  double elsewhere_ms = 30;  ///< unchanged that long anywhere else: settled too
  double cap_ms = 2000;      ///< no longer than that, settled or not
  bool from_boot = false;    ///< counters that never moved are settled: nothing can be pending
};

struct Settled {
  bool available = false;
  bool settled = false;
  Pins pins;
  double took_ms = 0;
};

/// A pair of counters and the time of its last change.
struct Standing {
  Pins pins;
  double since_ms = 0;
};

/// Samples until the counters stop changing, as required by `rule`. `known` is the result of an earlier wait:
/// when the first sample equals it, the time since then counts, which makes back-to-back tests cheap.
Settled settle(Gauge& gauge, const SettleRule& rule, const std::optional<Standing>& known = std::nullopt);

}  // namespace pinrig::agent
