// SPDX-License-Identifier: GPL-2.0
#include "verdict/test_end.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

namespace pinrig::verdict {
namespace {

using Exit = model::TestExit::Kind;
using Claim = model::PinClaim::Mode;
using Finding = model::RecordFinding::Kind;

/// Sums and differences of counters below this cannot overflow.
constexpr std::int64_t counter_limit = std::int64_t{1} << 60;
constexpr std::int64_t claim_limit = std::int64_t{1} << 40;
/// Bytes; the agent's own are a line.
constexpr std::size_t longest_problem = 4096;

std::optional<Exit> exit_kind(const std::string& how) {
  for (const Exit kind : {Exit::exited, Exit::signaled, Exit::timed_out, Exit::not_run}) {
    if (how == model::to_string(kind)) return kind;
  }
  return std::nullopt;
}

bool in_range(std::int64_t value, std::int64_t limit) { return value >= 0 && value < limit; }

bool believable(const wire::Sample& s) {
  return in_range(s.acquired, counter_limit) && in_range(s.released, counter_limit);
}

/// The agent sends some twenty, with short names.
std::map<std::string, std::int64_t> first_of(const std::map<std::string, std::int64_t>& counters) {
  constexpr std::size_t most = 256;
  constexpr std::size_t longest_name = 80;
  std::map<std::string, std::int64_t> out;
  for (const auto& [name, value] : counters) {
    if (out.size() < most && name.size() <= longest_name && value < counter_limit && value > -counter_limit)
      out.emplace(name, value);
  }
  return out;
}

std::optional<std::uint64_t> taint_of(const wire::Sample& s) {
  return s.taint < 0 ? std::nullopt : std::optional(static_cast<std::uint64_t>(s.taint));
}

std::optional<Claim> claim_mode(const std::string& mode) {
  if (mode == "net_zero") return Claim::net_zero;
  if (mode == "exact") return Claim::exact;
  if (mode == "at_least") return Claim::at_least;
  return std::nullopt;
}

void against(model::TestRecord& record, Finding kind, std::string text) {
  record.findings.push_back({kind, std::move(text)});
}

void fill_claim(const wire::TestEnd& end, model::TestRecord& record) {
  if (!end.bad_claim.empty()) against(record, Finding::bad_claim, end.bad_claim.substr(0, 300));
  const auto mode = claim_mode(end.claim.mode);
  if (!mode || !in_range(end.claim.pages, claim_limit) || !in_range(end.claim.skew_sections, claim_limit)) {
    return against(record, Finding::impossible_claim,
                   fmt::format("impossible claim: \"{}\" {} pages, skew {}", end.claim.mode.substr(0, 40),
                               end.claim.pages, end.claim.skew_sections));
  }
  if (*mode == Claim::net_zero && end.claim.skew_sections == 0) return;
  record.ledger.claim = model::PinClaim{*mode, end.claim.pages, end.claim.skew_sections};
}

void fill_ledger(const wire::TestEnd& end, model::TestRecord& record) {
  model::PinLedger& ledger = record.ledger;
  ledger.available = end.before.available && end.after.available;
  if (ledger.available && !(believable(end.before) && believable(end.after))) {
    against(record, Finding::impossible_counters, "impossible pin counters");
    ledger.available = false;
  }
  ledger.before = {end.before.acquired, end.before.released};
  ledger.after = {end.after.acquired, end.after.released};
  if (!ledger.available) ledger.before = ledger.after = {};
  ledger.settled_before = end.before.settled;
  ledger.settled_after = end.after.settled;
  ledger.settle_ms = end.after.settle_ms;
}

void fill_stuck(const wire::TestEnd& end, model::TestRecord& record) {
  constexpr std::size_t most = 8;
  for (const auto& p : end.stuck) {
    if (record.stuck.size() < most)
      record.stuck.push_back({p.pid, p.name.substr(0, 64), p.state.substr(0, 8), p.stack.substr(0, 4096)});
  }
  record.stuck_count = std::max(end.stuck_count, static_cast<int>(record.stuck.size()));
}

void fill_left(const wire::TestEnd& end, model::TestRecord& record) {
  constexpr std::size_t most = 32;
  for (const auto& l : end.left) {
    if (record.left.size() < most && l.first > 0 && l.last >= l.first && in_range(l.pages, counter_limit))
      record.left.push_back({l.first, l.last, l.pages});
  }
}

}  // namespace

void fill_record(const wire::TestEnd& end, model::TestRecord& record) {
  if (const auto kind = exit_kind(end.how)) {
    record.exit = {*kind, end.code};
  } else {
    against(record, Finding::unknown_end,
            fmt::format("ended in an unknown way: \"{}\"", end.how.substr(0, 40)));
  }
  if (!end.problem.empty()) record.errors += "agent: " + end.problem.substr(0, longest_problem) + "\n";
  record.leftover = std::max(end.leftover, 0);
  record.once_armed = end.once_armed;
  record.once_absent = end.once_absent;
  record.wall_s = end.wall_s >= 0 ? end.wall_s : 0;
  record.dropped = end.dropped;
  record.taint_before = taint_of(end.before);
  record.taint_after = taint_of(end.after);
  record.counters_before = first_of(end.before.counters);
  record.counters_after = first_of(end.after.counters);
  record.reached = end.reached;
  fill_stuck(end, record);
  fill_ledger(end, record);
  fill_claim(end, record);
  fill_left(end, record);
}

}  // namespace pinrig::verdict
