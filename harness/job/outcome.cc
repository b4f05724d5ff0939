// SPDX-License-Identifier: GPL-2.0
#include "job/outcome.h"

#include <fmt/format.h>

#include <algorithm>

namespace pinrig::job {

model::JobOutcome outcome_of(const Ending& e, const console::Log& log) {
  using Kind = model::JobOutcome::Kind;
  const std::string during = e.test.empty() ? model::to_string(e.phase) : e.test;
  const bool booting = e.phase == model::Phase::boot;
  if (e.end.kind == vm::GuestEnd::Kind::cancelled)
    return {Kind::cancelled, e.phase, "interrupted during " + during};
  // Before everything that the console says or does not say: it may be cut off.
  if (e.end.kind == vm::GuestEnd::Kind::disk_full)
    return {Kind::infra_error, e.phase, fmt::format("{} (during {})", e.end.detail, during)};
  if (e.completed) return {Kind::completed, model::Phase::none, ""};
  const auto fatal =
      std::find_if(log.events.begin(), log.events.end(), [](const auto& ev) { return ev.fatal; });
  if (fatal != log.events.end())
    return {booting ? Kind::boot_failed : Kind::panicked, e.phase, fatal->title + " (during " + during + ")"};
  // A kernel without ACPI cannot switch a PC off: the agent has it restart, and the kernel says so first.
  if (e.end.kind == vm::GuestEnd::Kind::restarted && log.powered_off)
    return {Kind::completed, model::Phase::none, ""};
  if (booting && log.line_count == 0 && e.end.kind == vm::GuestEnd::Kind::hung)
    return {Kind::no_output, e.phase, "the console stayed empty: " + e.end.detail};
  // A kernel that cannot stop printing: what its first lines say was looked at above.
  if (e.end.kind == vm::GuestEnd::Kind::too_much_output)
    return {Kind::timed_out, e.phase,
            fmt::format("killed during {}: {}; last line: {}", during, e.end.detail, log.last_line)};
  if (e.end.kind == vm::GuestEnd::Kind::hung)
    return {Kind::timed_out, e.phase,
            fmt::format("{} during {}; last line: {}", e.end.detail, during, log.last_line)};
  if (e.end.kind == vm::GuestEnd::Kind::protocol) return {Kind::infra_error, e.phase, e.end.detail};
  if (booting && log.line_count == 0) return {Kind::infra_error, e.phase, e.end.detail};
  if (e.end.signal != 0) return {Kind::infra_error, e.phase, e.end.detail};
  return {booting ? Kind::boot_failed : Kind::panicked, e.phase,
          fmt::format("the guest ended during {} and the console shows no reason ({}); last line: {}", during,
                      e.end.detail, log.last_line)};
}

}  // namespace pinrig::job
