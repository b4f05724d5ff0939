// SPDX-License-Identifier: GPL-2.0
// From how a guest ended to the outcome of its job. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "console/console.h"
#include "model/verdict.h"
#include "vm/guest.h"

namespace pinrig::job {

/// How one guest of a job ended, and what it was doing.
struct Ending {
  model::Phase phase = model::Phase::none;
  std::string test;  ///< that ran; empty: none
  vm::GuestEnd end;
  bool completed = false;
  bool retired = false;       ///< abandoned, because a process of `test` could not be killed
  std::uint64_t tainted = 0;  ///< the bits that its last test set, and that made it be switched off
};

/// `log` is the guest's console: a kernel crash is the reason, independent of how QEMU exited.
model::JobOutcome outcome_of(const Ending& ending, const console::Log& log);

}  // namespace pinrig::job
