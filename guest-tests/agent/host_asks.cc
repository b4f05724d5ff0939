// SPDX-License-Identifier: GPL-2.0
#include "host_asks.h"

#include <algorithm>
#include <charconv>
#include <vector>

namespace pinrig::agent {
namespace {

// Over all tests of the guest, so that an answer to a test that was killed meanwhile is not taken for the
// next one's.
std::uint32_t next_id() {
  static std::uint32_t last = 0;
  return ++last;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of(" \n"), text.size());
    if (end > 0) words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

std::optional<int> number_of(const std::string& word) {
  int value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size() || value < 0) return std::nullopt;
  return value;
}

// The request that `words` are; unknown when they are none.
wire::HostAction parse(const std::vector<std::string>& words) {
  wire::HostAction action;
  const std::string verb = words.empty() ? std::string() : words[0];
  if (verb == "unplug" && words.size() == 2) {
    action.action = wire::HostActionKind::unplug;
    action.device = words[1];
  } else if (verb == "release" && words.size() > 1) {
    action.action = wire::HostActionKind::release;
    action.places.assign(words.begin() + 1, words.end());
  } else if (const auto number = words.size() > 2 ? number_of(words[1]) : std::nullopt) {
    if (verb == "hold") action.action = wire::HostActionKind::hold;
    if (verb == "await") action.action = wire::HostActionKind::await_held;
    (verb == "hold" ? action.cpu : action.limit_ms) = *number;
    action.places.assign(words.begin() + 2, words.end());
  }
  return action;
}

}  // namespace

HostAsks::Asked HostAsks::take(std::string_view text) {
  Asked asked;
  if (waiting_ != 0) {
    asked.refusal = "failed: the host has not answered the previous request yet";
    return asked;
  }
  asked.action = parse(words_of(text));
  if (asked.action.action == wire::HostActionKind::unknown)
    asked.refusal = "failed: not understood: \"" + std::string(text.substr(0, 60)) +
                    "\" (known: unplug SERIAL, hold CPU PLACE ..., await MS PLACE ..., release PLACE ...)";
  else
    asked.action.id = waiting_ = next_id();
  return asked;
}

std::optional<std::string> HostAsks::answered(const wire::HostActionDone& done) {
  if (waiting_ == 0 || done.id != waiting_) return std::nullopt;
  waiting_ = 0;
  if (!done.problem.empty()) return (done.lacking ? "lacking: " : "failed: ") + done.problem;
  return done.answer.empty() ? "ok" : "ok " + done.answer;
}

std::string HostAsks::give_up(const std::string& why) {
  waiting_ = 0;
  return "failed: " + why;
}

}  // namespace pinrig::agent
