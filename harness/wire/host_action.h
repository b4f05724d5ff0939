// SPDX-License-Identifier: GPL-2.0
// A request of a test to the host while it runs. The agent forwards it over the control port, between the run
// request and its reply, and returns the answer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "wire/fields.h"

namespace pinrig::wire {

enum class HostActionKind {
  unknown,
  unplug,      ///< the NVMe controller `device`
  hold,        ///< stop `cpu` when it next reaches one of the places, except those that the kernel lacks
  await_held,  ///< answer when a CPU is held in one of the places, or after `limit_ms`
  release,     ///< let the CPUs go on that are held in the places, and hold none there any more
};
NLOHMANN_JSON_SERIALIZE_ENUM(HostActionKind, {{HostActionKind::unknown, nullptr},
                                              {HostActionKind::unplug, "unplug"},
                                              {HostActionKind::hold, "hold"},
                                              {HostActionKind::await_held, "await_held"},
                                              {HostActionKind::release, "release"}})

struct HostAction {
  std::string type = "host_action";
  std::uint32_t id = 0;  ///< > 0, unique in the guest, so that a late answer is not mistaken for another
  HostActionKind action = HostActionKind::unknown;
  std::string device;               ///< serial number
  std::vector<std::string> places;  ///< in the kernel's code: "SYMBOL", "SYMBOL+0xOFFSET" or "FILE:LINE"
  int cpu = 0;
  int limit_ms = 0;
};
PINRIG_MESSAGE(HostAction, type, id, action, device, places, cpu, limit_ms)

struct HostActionDone {
  std::string type = "host_action_done";
  std::uint32_t id = 0;  ///< of the action
  std::string problem;   ///< why it failed; empty = it succeeded
  bool lacking = false;  ///< the problem: kernel or machine cannot do this, which is no failure
  std::string answer;    ///< await_held: the place; hold: the places that the kernel has, by spaces
};
PINRIG_MESSAGE(HostActionDone, type, id, problem, lacking, answer)

}  // namespace pinrig::wire
