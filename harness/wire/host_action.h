// SPDX-License-Identifier: GPL-2.0
// A request of a test to the host while it runs. The agent forwards it over the control port, between the run
// request and its reply, and returns the answer.
#pragma once

#include <cstdint>
#include <string>

#include "wire/fields.h"

namespace pinrig::wire {

struct HostAction {
  std::string type = "host_action";
  std::uint32_t id = 0;  ///< > 0, unique in the guest, so that a late answer is not mistaken for another
  std::string action;    ///< "unplug"
  std::string device;    ///< serial number
};
PINRIG_MESSAGE(HostAction, type, id, action, device)

struct HostActionDone {
  std::string type = "host_action_done";
  std::uint32_t id = 0;  ///< of the action
  std::string problem;   ///< why it failed; empty = it succeeded
};
PINRIG_MESSAGE(HostActionDone, type, id, problem)

}  // namespace pinrig::wire
