// SPDX-License-Identifier: GPL-2.0
// From the bytes of a control frame to a request, without a way to abort PID 1. Pure.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "wire/host_action.h"
#include "wire/messages.h"

namespace pinrig::agent {

struct BadRequest {
  std::string why;
};

using Request = std::variant<BadRequest, wire::Setup, wire::Run, wire::HostActionDone, wire::PowerOff>;

/// The library's own conversions abort on a value of the wrong type when exceptions are off: every type is
/// checked first. A number out of range of its field has the wrong type.
Request parse_request(std::string_view payload);

/// One line of JSON; invalid UTF-8 becomes U+FFFD instead of an abort.
std::string dump(const nlohmann::json& message);

}  // namespace pinrig::agent
