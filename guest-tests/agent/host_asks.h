// SPDX-License-Identifier: GPL-2.0
// The requests of a test to the host while it runs, and the answers. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "wire/host_action.h"

namespace pinrig::agent {

/// The requests of one test, one at a time: "unplug SERIAL", "hold CPU PLACE", "await MS PLACE ..."
/// (separated by spaces), "release PLACE". Answers: "ok", "ok ANSWER", "lacking: WHY" (not on this kernel or
/// machine), or "failed: WHY".
class HostAsks {
 public:
  struct Asked {
    wire::HostAction action;
    std::string refusal;  ///< the answer to an invalid request
  };
  Asked take(std::string_view text);
  /// The answer to the action that the host has carried out; nothing if the test no longer waits for it.
  std::optional<std::string> answered(const wire::HostActionDone& done);
  /// The answer when the host could not be asked.
  std::string give_up(const std::string& why);

 private:
  std::uint32_t waiting_ = 0;  ///< id of the pending action; 0: none
};

}  // namespace pinrig::agent
