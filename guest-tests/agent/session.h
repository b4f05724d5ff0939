// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "aside.h"
#include "case_pins.h"
#include "child.h"
#include "claim.h"
#include "host_asks.h"
#include "output.h"
#include "ports.h"
#include "processes.h"

namespace pinrig::agent {

/// The buffer for a child's output: it that begins with room for a frame header (wire::header_size bytes),
/// then the bytes.
using Sink = std::function<void(wire::Kind, std::string& frame)>;

/// How the wait for a child ended.
enum class Over {
  ended,      ///< its main process is reaped
  deadline,   ///< it is still there
  host_gone,  ///< the host requested power off or is gone
};

/// One running child: reads its output and claims until it ends, forwards its requests to the host, and never
/// blocks it.
class Session {
 public:
  Session(Child child, std::uint64_t output_limit, Sink sink, Processes& processes, Ports* ports);
  /// Reads the balance of the pin counters with `balance` when result lines come in, now and then.
  void watch_cases(std::function<std::int64_t()> balance);
  Over wait(double limit_ms);
  /// After every writer is dead: drains the pipes. Bounded by their capacity.
  void drain();

  const Ended& ended() const { return ended_; }
  const OutputBudget& budget() const { return budget_; }
  const ClaimReader& claims() const { return claims_; }
  const CasePins& case_pins() const { return case_pins_; }

 private:
  bool read_output(UniqueFd& fd, wire::Kind kind);
  void look_at_pins(std::string_view output);
  bool read_claims();
  bool read_asks();
  void deliver_answers();
  bool host_there(short events);

  Child child_;
  OutputBudget budget_;
  Sink sink_;
  Processes& processes_;
  Ports* ports_;  ///< null: no host
  ClaimReader claims_;
  CasePins case_pins_;
  std::function<std::int64_t()> balance_;
  double next_look_ms_ = 0;
  HostAsks asks_;
  Aside aside_;
  Ended ended_;
  std::string buffer_;
};

}  // namespace pinrig::agent
