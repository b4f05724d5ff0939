// SPDX-License-Identifier: GPL-2.0
#include "verdict/test_end.h"

#include <fmt/format.h>

#include <optional>

namespace pinrig::verdict {
namespace {

using Exit = model::TestExit::Kind;
using Claim = model::PinClaim::Mode;

/// Sums and differences of counters below this cannot overflow.
constexpr std::int64_t counter_limit = std::int64_t{1} << 60;
constexpr std::int64_t claim_limit = std::int64_t{1} << 40;

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

std::optional<std::uint64_t> taint_of(const wire::Sample& s) {
  return s.taint < 0 ? std::nullopt : std::optional(static_cast<std::uint64_t>(s.taint));
}

std::optional<Claim> claim_mode(const std::string& mode) {
  if (mode == "net_zero") return Claim::net_zero;
  if (mode == "exact") return Claim::exact;
  if (mode == "at_least") return Claim::at_least;
  return std::nullopt;
}

void fill_claim(const wire::TestEnd& end, model::TestRecord& record, std::vector<std::string>& problems) {
  const auto mode = claim_mode(end.claim.mode);
  if (!mode || !in_range(end.claim.pages, claim_limit) || !in_range(end.claim.skew_sections, claim_limit)) {
    problems.push_back(fmt::format("{}: a claim that cannot be: \"{}\" {} pages, skew {}", record.name,
                                   end.claim.mode.substr(0, 40), end.claim.pages, end.claim.skew_sections));
    return;
  }
  if (*mode == Claim::net_zero && end.claim.skew_sections == 0) return;
  record.ledger.claim = model::PinClaim{*mode, end.claim.pages, end.claim.skew_sections};
}

void fill_ledger(const wire::TestEnd& end, model::TestRecord& record, std::vector<std::string>& problems) {
  model::PinLedger& ledger = record.ledger;
  ledger.available = end.before.available && end.after.available;
  if (ledger.available && !(believable(end.before) && believable(end.after))) {
    problems.push_back(fmt::format("{}: pin counters that cannot be", record.name));
    ledger.available = false;
  }
  ledger.before = {end.before.acquired, end.before.released};
  ledger.after = {end.after.acquired, end.after.released};
  if (!ledger.available) ledger.before = ledger.after = {};
  ledger.settled_before = end.before.settled;
  ledger.settled_after = end.after.settled;
  ledger.settle_ms = end.after.settle_ms;
}

}  // namespace

std::vector<std::string> fill_record(const wire::TestEnd& end, model::TestRecord& record) {
  std::vector<std::string> problems;
  if (const auto kind = exit_kind(end.how)) {
    record.exit = {*kind, end.code};
  } else {
    problems.push_back(
        fmt::format("{}: ended in an unknown way: \"{}\"", record.name, end.how.substr(0, 40)));
  }
  if (!end.problem.empty()) record.errors += "agent: " + end.problem + "\n";
  if (end.leftover != 0) {
    problems.push_back(
        fmt::format("{}: {} of its processes were alive when it had ended", record.name, end.leftover));
  }
  record.wall_s = end.wall_s >= 0 ? end.wall_s : 0;
  record.dropped = end.dropped;
  record.taint_before = taint_of(end.before);
  record.taint_after = taint_of(end.after);
  record.counters_before = end.before.counters;
  record.counters_after = end.after.counters;
  fill_ledger(end, record, problems);
  fill_claim(end, record, problems);
  return problems;
}

}  // namespace pinrig::verdict
