// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <optional>
#include <string>

#include "runner.h"

namespace pinrig::agent {

/// The negative control of the ledger: a process stays behind that holds pages registered with io_uring, and
/// is judged like any test. The ledger has to see what it holds, and that it is released when the process
/// is told to.
class Hold {
 public:
  /// `slowness` stretches the limits that no host has told yet.
  Hold(Guest& guest, double slowness);
  /// Takes the pages, and goes on while they are being taken. Nobody may reap children until finish().
  void start();
  /// Looks at the balance ahead of finish(), which need not watch it for as long then.
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
