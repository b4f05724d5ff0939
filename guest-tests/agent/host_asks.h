// SPDX-License-Identifier: GPL-2.0
// What a test asks of the host while it runs, and the answers it gets. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "wire/host_action.h"

namespace pinrig::agent {

/// One test's questions, one at a time: "unplug SERIAL". Answers: "ok", or "failed: WHY".
class HostAsks {
 public:
  struct Asked {
    wire::HostAction action;
    std::string refusal;  ///< the answer, when this is nothing to ask a host for
  };
  Asked take(std::string_view text);
  /// The answer to the action that the host has carried out; nothing when nobody waits for that one any more.
  std::optional<std::string> answered(const wire::HostActionDone& done);
  /// The answer when the host could not be asked.
  std::string give_up(const std::string& why);

 private:
  std::uint32_t waiting_ = 0;  ///< id of the action that is out; 0: none
};

}  // namespace pinrig::agent
