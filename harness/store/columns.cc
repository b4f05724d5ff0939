// SPDX-License-Identifier: GPL-2.0
#include "store/columns.h"

namespace pinrig::store {

RunRow read_run(SQLite::Statement& s) {
  Columns c(s);
  RunRow r;
  for (std::string* field : {&r.id, &r.spec, &r.base, &r.series}) *field = c.text();
  r.faults = c.truth();
  for (std::string* field : {&r.purpose, &r.started, &r.finished}) *field = c.text();
  const std::string state = c.text();
  r.state = known_word(run_state_from_string(state), state, "runs.state");
  r.exit_code = c.whole();
  r.dir = c.text();
  r.host = c.text();
  r.resumed = c.whole();
  r.selection = c.text();
  return r;
}

std::optional<model::PinLedger> read_ledger(Columns& c) {
  model::PinLedger l;
  const SQLite::Column available = c.next();
  const bool there = !available.isNull();
  l.available = available.getInt() != 0;
  l.before.acquired = c.big();
  l.before.released = c.big();
  l.after.acquired = c.big();
  l.after.released = c.big();
  l.settled_before = c.truth();
  l.settled_after = c.truth();
  l.settle_ms = c.real();
  const SQLite::Column mode = c.next();
  model::PinClaim claim;
  claim.mode = static_cast<model::PinClaim::Mode>(mode.getInt());
  claim.pages = c.big();
  claim.skew_sections = c.big();
  if (!mode.isNull()) l.claim = claim;
  return there ? std::optional(l) : std::nullopt;
}

namespace {

std::optional<std::uint64_t> read_taint(Columns& c) {
  const std::int64_t value = c.big();
  return value == unknown_taint ? std::nullopt : std::optional(static_cast<std::uint64_t>(value));
}

std::optional<model::Assessment> read_assessment(Columns& c) {
  const SQLite::Column rule = c.next();
  if (rule.isNull()) return std::nullopt;
  model::Assessment a;
  const std::string word = rule.getString();
  a.rule = known_word(model::rule_from_string(word), word, "results.rule");
  a.reason = c.text();
  a.reference = c.text();
  return a;
}

}  // namespace

model::AssessedResult read_result(Columns& c) {
  model::AssessedResult r;
  auto& v = r.result.verdict;
  v.test = c.text();
  v.case_name = c.text();
  const std::string word = c.text();
  v.verdict = known_word(model::verdict_from_string(word), word, "results.verdict");
  v.detail = c.text();
  v.diagnostics = c.json<std::vector<std::string>>();
  v.line = c.whole();
  v.foreseen = c.truth();
  v.wall_s = c.real();
  v.numbers = c.json<std::map<std::string, double>>();
  r.result.ledger = read_ledger(c);
  r.result.taint_before = read_taint(c);
  r.result.taint_after = read_taint(c);
  r.result.counters = c.json<std::map<std::string, std::int64_t>>();
  for (const auto& own : c.json<std::vector<std::string>>())
    v.own.push_back(known_word(model::verdict_from_string(own), own, "results.own"));
  v.splats = splats_from_json(c.text());
  for (const auto& apart : c.json<std::vector<std::string>>())
    v.apart.push_back(known_word(model::verdict_from_string(apart), apart, "results.apart"));
  r.assessment = read_assessment(c);
  return r;
}

}  // namespace pinrig::store
