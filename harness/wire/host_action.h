// SPDX-License-Identifier: GPL-2.0
// What a test asks of the host while it runs. The agent passes it on over the control port, between the run
// request and its reply, and brings the answer back.
#pragma once

#include <cstdint>
#include <string>

#include "wire/fields.h"

namespace pinrig::wire {

struct HostAction {
  std::string type = "host_action";
  std::uint32_t id = 0;  ///< > 0, unique in the guest: an answer that comes late is nobody else's
  std::string action;    ///< "unplug"
  std::string device;    ///< serial number
};
PINRIG_MESSAGE(HostAction, type, id, action, device)

struct HostActionDone {
  std::string type = "host_action_done";
  std::uint32_t id = 0;  ///< of the action
  std::string problem;   ///< why it could not be carried out; empty = it was
};
PINRIG_MESSAGE(HostActionDone, type, id, problem)

}  // namespace pinrig::wire
