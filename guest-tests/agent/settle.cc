// SPDX-License-Identifier: GPL-2.0
#include "settle.h"

#include <algorithm>

namespace pinrig::agent {
namespace {

constexpr double shortest_pause_ms = 1;
constexpr double longest_pause_ms = 10;

double needed_ms(const SettleRule& rule, const Pins& pins) {
  if (rule.from_boot && pins == Pins{}) return 0;
  const bool at_target =
      std::find(rule.targets.begin(), rule.targets.end(), pins.balance()) != rule.targets.end();
  return at_target ? rule.at_target_ms : rule.elsewhere_ms;
}

}  // namespace

Settled settle(Gauge& gauge, const SettleRule& rule, const std::optional<Standing>& known) {
  const double start = gauge.now_ms();
  Settled out;
  auto sample = gauge.read();
  if (!sample) return out;
  out.available = true;
  out.pins = *sample;
  double since = known && known->pins == *sample ? std::min(known->since_ms, start) : gauge.now_ms();
  // What is on its way comes soon or late: short pauses first.
  double longest = shortest_pause_ms;
  for (;;) {
    const double now = gauge.now_ms();
    const double stood = now - since;
    const double needed = needed_ms(rule, out.pins);
    out.took_ms = now - start;
    out.settled = stood >= needed;
    if (out.settled || out.took_ms >= rule.cap_ms) return out;
    gauge.pause(std::clamp(needed - stood, shortest_pause_ms, longest));
    longest = std::min(2 * longest, longest_pause_ms);
    sample = gauge.read();
    if (!sample) return Settled{};
    if (*sample != out.pins) since = gauge.now_ms();
    out.pins = *sample;
  }
}

}  // namespace pinrig::agent
