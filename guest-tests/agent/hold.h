// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <optional>
#include <string>

#include "runner.h"

namespace pinrig::agent {

/// The negative control of the ledger: a process stays behind that holds pages registered with io_uring, and is judged
/// like any test. The ledger has to see what it holds, and that it is given back when the process is told to.
class Hold {
 public:
  explicit Hold(Guest& guest);
  /// Begins ahead of the host's request, while the guest has other things to wait for. Nobody may reap children until the
  /// control is over.
  void start(int pages);
  bool running() const { return running_.has_value(); }
  /// Begins if it has not, and ends it.
  wire::HoldResult finish(const wire::HoldControl& control);
  /// Takes it down without a result: the host wants something else.
  void give_up();

 private:
  Guest& guest_;
  int pages_ = 0;
  std::string said_;
  wire::Run run_;
  RunPlan plan_;
  std::optional<Running> running_;
};

}  // namespace pinrig::agent
