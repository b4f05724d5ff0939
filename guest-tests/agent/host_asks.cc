// SPDX-License-Identifier: GPL-2.0
#include "host_asks.h"

namespace pinrig::agent {
namespace {

constexpr std::string_view unplug = "unplug ";

// Over all tests of the guest, so that an answer to a test that was killed meanwhile is not taken for the
// next one's.
std::uint32_t next_id() {
  static std::uint32_t last = 0;
  return ++last;
}

}  // namespace

HostAsks::Asked HostAsks::take(std::string_view text) {
  Asked asked;
  while (text.ends_with('\n')) text.remove_suffix(1);
  if (waiting_ != 0) {
    asked.refusal = "failed: the host has not answered the previous request yet";
  } else if (text.starts_with(unplug) && text.size() > unplug.size()) {
    asked.action.id = waiting_ = next_id();
    asked.action.action = "unplug";
    asked.action.device = text.substr(unplug.size());
  } else {
    asked.refusal =
        "failed: not understood: \"" + std::string(text.substr(0, 60)) + "\" (known: unplug SERIAL)";
  }
  return asked;
}

std::optional<std::string> HostAsks::answered(const wire::HostActionDone& done) {
  if (waiting_ == 0 || done.id != waiting_) return std::nullopt;
  waiting_ = 0;
  return done.problem.empty() ? "ok" : "failed: " + done.problem;
}

std::string HostAsks::give_up(const std::string& why) {
  waiting_ = 0;
  return "failed: " + why;
}

}  // namespace pinrig::agent
