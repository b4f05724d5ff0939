// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <optional>
#include <string>

#include "runner.h"

namespace pinrig::agent {

/// The negative control of the ledger: a process that outlives its test holds pages registered with io_uring,
/// and is judged like any test. The ledger must see the pages held, and released when the process unregisters
/// them.
class Hold {
 public:
  /// `slowness` scales the limits, before the host has sent any.
  Hold(Guest& guest, double slowness);
  /// Starts pinning the pages and returns without waiting. Do not reap children before finish().
  void start();
  /// Samples the balance before finish(), which then needs less time.
  void look() { guest_.ledger.look(); }
  wire::HoldResult finish();

 private:
  Guest& guest_;
  std::string said_;
  wire::Run run_;
  RunPlan plan_;
  std::optional<Running> running_;
};

}  // namespace pinrig::agent
