// SPDX-License-Identifier: GPL-2.0
#include "verdict/judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "verdict/evidence.h"

namespace pinrig::verdict {
namespace {

using model::JobOutcome;
using model::Verdict;
using Exit = model::TestExit::Kind;

std::string outcome_text(const JobOutcome& outcome) {
  std::string text = model::to_string(outcome.kind);
  if (outcome.phase != model::Phase::none) text += fmt::format(" ({})", model::to_string(outcome.phase));
  if (!outcome.detail.empty()) text += ": " + outcome.detail;
  return text;
}

/// Why the ledger of this job cannot be trusted; nothing when its negative control worked or does not apply.
std::optional<std::string> control_failure(const JobFacts& facts) {
  if (!facts.counters) return std::nullopt;  // no ledger, so nothing to prove about it
  if (!facts.control_ran) {
    if (facts.outcome.kind != JobOutcome::Kind::completed) return std::nullopt;  // the guest died before
    return "it did not run";
  }
  const wire::HoldResult& c = facts.control;
  if (!c.problem.empty()) return c.problem;
  if (!c.available) return "it found no counters in a kernel that has them";
  if (facts.control_pages <= 0) return "it was requested to hold no pages";
  if (c.outstanding_held != facts.control_pages) {
    return fmt::format("{} held, but {} seen as outstanding",
                       count_of(static_cast<std::size_t>(facts.control_pages), "page"), c.outstanding_held);
  }
  return std::nullopt;
}

/// A ledger that saw the held pages is trusted if it sees fewer released: the kernel did not unpin them. The
/// balances of tests start from there, so their verdicts are valid.
std::optional<model::TestVerdict> control_leak(const JobFacts& facts) {
  const auto pages = facts.control.outstanding_released;
  if (!facts.counters || !facts.control_ran || pages == 0) return std::nullopt;
  model::TestVerdict row;
  row.test = control_test;
  row.verdict = Verdict::leak;
  row.detail = fmt::format("{} after io_uring unregistered its {}", signed_count_of(pages, "page"),
                           facts.control_pages);
  if (pages < 0) row.detail += ": over-release";
  return row;
}

/// How the guest ended in which the test ran.
const JobOutcome& outcome_under(const JobFacts& facts, const model::TestRecord& record) {
  const auto index = static_cast<std::size_t>(record.guest) - 1;
  return record.guest > 0 && index < facts.guest_outcomes.size() ? facts.guest_outcomes[index]
                                                                 : facts.outcome;
}

/// The guest went away under the test: by the kernel, by silence, or by us?
void judge_lost(const JobFacts& facts, const model::TestRecord& record, Evidence& evidence) {
  const JobOutcome& outcome = outcome_under(facts, record);
  const bool fatal_event =
      std::any_of(facts.events.begin(), facts.events.end(),
                  [&](const model::KernelEvent& e) { return e.owner == record.name && e.fatal; });
  switch (outcome.kind) {
    case JobOutcome::Kind::cancelled:
      return evidence.against(Verdict::missing, "the run was cancelled while the test ran");
    case JobOutcome::Kind::panicked:
      return evidence.against(Verdict::crash, "the kernel died during the test: " + outcome_text(outcome));
    default:
      break;
  }
  if (fatal_event) return evidence.against(Verdict::crash, "the kernel died during the test");
  if (outcome.kind == JobOutcome::Kind::timed_out) {
    return evidence.against(Verdict::timeout,
                            "the guest stopped responding during the test: " + outcome_text(outcome));
  }
  evidence.against(Verdict::error, "the guest was lost during the test: " + outcome_text(outcome));
}

const char* signal_name(int number) {
  switch (number) {
    case 4:
      return " (SIGILL)";
    case 6:
      return " (SIGABRT)";
    case 7:
      return " (SIGBUS)";
    case 8:
      return " (SIGFPE)";
    case 9:
      return " (SIGKILL)";
    case 11:
      return " (SIGSEGV)";
    case 13:
      return " (SIGPIPE)";
    case 15:
      return " (SIGTERM)";
    default:
      return "";
  }
}

void judge_exit(const JobFacts& facts, const model::TestRecord& record, Evidence& evidence) {
  const std::string said = last_words(record.errors);
  const std::string tail = said.empty() ? "" : ": " + said;
  switch (record.exit.kind) {
    case Exit::exited:
      return;
    case Exit::signaled:
      return evidence.against(Verdict::crash, fmt::format("killed by signal {}{}{}", record.exit.code,
                                                          signal_name(record.exit.code), tail));
    case Exit::timed_out:
      return evidence.against(Verdict::timeout, "time limit exceeded" + tail);
    case Exit::not_run:
      return evidence.against(
          Verdict::error, record.exit.code == 0
                              ? "it could not be started" + tail
                              : fmt::format("it could not be started, errno {}{}", record.exit.code, tail));
    case Exit::lost:
      return judge_lost(facts, record, evidence);
  }
}

/// What the agent saw of the test's processes, and what cannot be believed of the record.
void judge_agent(const model::TestRecord& record, Evidence& evidence) {
  if (record.stuck_count > 0) {
    std::vector<std::string> named;
    for (const auto& p : record.stuck)
      named.push_back(fmt::format("{} ({}) in state {}", p.pid, p.name, p.state));
    evidence.against(Verdict::timeout, fmt::format("{} left in the kernel after SIGKILL: {}",
                                                   record.stuck_count == 1
                                                       ? "a process is"
                                                       : fmt::format("{} processes are", record.stuck_count),
                                                   named.empty() ? "not named" : join(named, ", ")));
  }
  for (const auto& f : record.findings) evidence.against(Verdict::error, f.text);
  if (record.leftover > 0)
    evidence.note(fmt::format("{} of its processes were still alive after it ended", record.leftover));
}

/// Where the stuck processes are.
void add_stacks(const model::TestRecord& record, std::vector<std::string>& diagnostics) {
  for (const auto& p : record.stuck) {
    if (p.stack.empty()) continue;
    diagnostics.push_back(fmt::format("stack of {} ({}):", p.pid, p.name));
    for (const std::string_view line : lines(p.stack)) diagnostics.push_back("  " + std::string(line));
  }
  if (diagnostics.size() > diagnostic_lines) diagnostics.resize(diagnostic_lines);
}

bool all_failed(const std::vector<model::TestVerdict>& cases) {
  return !cases.empty() && std::all_of(cases.begin(), cases.end(),
                                       [](const auto& c) { return c.verdict == model::Verdict::fail; });
}

/// The verdict of one test and of its cases, from its own record.
std::vector<model::TestVerdict> judge_test(const JobFacts& facts, const model::TestSpec& spec,
                                           const model::TestRecord& record, std::int64_t owed) {
  std::vector<model::TestVerdict> rows(1);
  model::TestVerdict& own = rows.front();
  own.test = spec.name;
  own.wall_s = record.wall_s;
  Evidence evidence;
  if (!record.skip_reason.empty()) {
    evidence.skipped(record.skip_reason);
    evidence.fold_into(own);
    own.foreseen = record.skip_foreseen;
    return rows;
  }
  judge_exit(facts, record, evidence);
  judge_agent(record, evidence);
  Reading reading;
  if (record.exit.kind != Exit::not_run) reading = judge_output(spec, record, evidence);
  judge_ledger(spec, record, {facts.counters, owed, all_failed(reading.cases)}, evidence);
  judge_kernel(record, facts.events, evidence);
  evidence.fold_into(own);
  if (own.verdict != Verdict::pass && own.verdict != Verdict::skip)
    own.diagnostics = diagnostics_of(reading, record);
  add_stacks(record, own.diagnostics);
  own.numbers = std::move(reading.numbers);
  // The case in which it went down did not just stay without a result.
  const bool went_down = own.verdict == Verdict::crash || own.verdict == Verdict::timeout;
  for (auto& c : reading.cases) {
    if (went_down && c.verdict == Verdict::missing && !reading.running.empty() &&
        c.case_name == reading.running)
      c.verdict = own.verdict;
  }
  rows.insert(rows.end(), std::make_move_iterator(reading.cases.begin()),
              std::make_move_iterator(reading.cases.end()));
  return rows;
}

/// Per record, the pages that earlier tests of the same guest left pinned and that had not come back when it
/// began: who releases them late has not released too many.
std::map<std::string, std::int64_t> owed_before(const std::vector<model::TestRecord>& records) {
  std::map<std::string, std::int64_t> out;
  std::int64_t owed = 0;
  const model::TestRecord* last = nullptr;
  for (const auto& r : records) {
    if (!r.ledger.available) continue;
    const auto balance = [](const model::PinSample& s) { return s.acquired - s.released; };
    if (!last || last->guest != r.guest)
      owed = 0;
    else
      owed = std::max<std::int64_t>(0, owed - (balance(last->ledger.after) - balance(r.ledger.before)));
    out.emplace(r.name, owed);
    owed = std::max<std::int64_t>(0, owed + r.ledger.outstanding());
    last = &r;
  }
  return out;
}

model::TestVerdict missing_row(const JobFacts& facts, const model::TestSpec& spec) {
  model::TestVerdict row;
  row.test = spec.name;
  row.verdict = Verdict::missing;
  row.detail = facts.outcome.kind == JobOutcome::Kind::completed
                   ? "planned but not started"
                   : "not started: " + outcome_text(facts.outcome);
  return row;
}

/// A row of its own for what the kernel said while no test ran: a late oops must not get lost.
std::optional<model::TestVerdict> unowned_events(const JobFacts& facts) {
  Evidence evidence;
  for (const auto& e : facts.events) {
    const bool owned = std::any_of(facts.planned.begin(), facts.planned.end(),
                                   [&](const model::TestSpec& t) { return t.name == e.owner; });
    if (owned || event_verdict(e) == Verdict::pass) continue;
    evidence.splat(e, event_verdict(e), event_text(e));
  }
  judge_between(facts.records, facts.events, evidence);
  // All tests are over by then, so no other row would tell of a kernel that cannot end.
  if (facts.outcome.phase == model::Phase::shutdown && facts.outcome.kind == JobOutcome::Kind::timed_out)
    evidence.against(Verdict::timeout, "the guest did not power off: " + facts.outcome.detail);
  if (facts.outcome.phase == model::Phase::shutdown && facts.outcome.kind == JobOutcome::Kind::panicked)
    evidence.against(Verdict::crash, "the guest died while powering off: " + facts.outcome.detail);
  model::TestVerdict row;
  row.test = unowned_test;
  evidence.fold_into(row);
  if (row.verdict == Verdict::pass) return std::nullopt;
  row.detail = "while no test ran: " + row.detail;
  return row;
}

using Capabilities = std::map<std::string, std::string>;

void add_capabilities(const model::TestRecord& record, model::TestVerdict& own, Capabilities& known) {
  for (const auto& [name, value] : capability_lines(record.output)) {
    const auto [it, fresh] = known.emplace(name, value);
    if (fresh || it->second == value || value == "unknown") continue;
    // A probe that could not be carried out says nothing against one that was.
    if (it->second == "unknown") {
      it->second = value;
      continue;
    }
    const std::string text =
        fmt::format("capability {} is {} here and was {} before", name, value, it->second);
    own.detail += (own.detail.empty() ? "" : "; ") + text;
    if (model::rank(own.verdict) < model::rank(Verdict::error)) own.verdict = Verdict::error;
    for (auto* list : {&own.own, &own.apart}) {
      if (list->empty() || list->front() != Verdict::error) list->insert(list->begin(), Verdict::error);
    }
  }
}

void fail_control(const std::string& why, Judgement& judgement) {
  const std::string before = outcome_text(judgement.outcome);
  const bool completed = judgement.outcome.kind == JobOutcome::Kind::completed;
  judgement.outcome.kind = JobOutcome::Kind::infra_error;
  judgement.outcome.detail =
      "the pin ledger's negative control failed: " + why + (completed ? "" : "; also: " + before);
  for (auto& row : judgement.verdicts) {
    row.detail = fmt::format("{} (would have been {}{}{})", judgement.outcome.detail,
                             model::to_string(row.verdict), row.detail.empty() ? "" : ": ", row.detail);
    row.verdict = Verdict::error;
    row.apart.insert(row.apart.begin(), Verdict::error);
  }
}

}  // namespace

Judgement judge(const JobFacts& facts) {
  Judgement judgement;
  judgement.outcome = facts.outcome;
  const auto owed = owed_before(facts.records);
  // A mutant may change what a probe finds; the same kernel without it is another one.
  std::map<std::string, Capabilities> of_mutants;
  for (const auto& spec : facts.planned) {
    const auto record = std::find_if(facts.records.begin(), facts.records.end(),
                                     [&](const model::TestRecord& r) { return r.name == spec.name; });
    if (record == facts.records.end()) {
      judgement.verdicts.push_back(missing_row(facts, spec));
      continue;
    }
    const auto owes = owed.find(spec.name);
    auto rows = judge_test(facts, spec, *record, owes == owed.end() ? 0 : owes->second);
    const auto mutant = spec.env.find(model::mutant_variable);
    const bool none = mutant == spec.env.end() || mutant->second == "0";
    add_capabilities(*record, rows.front(), none ? judgement.capabilities : of_mutants[mutant->second]);
    std::move(rows.begin(), rows.end(), std::back_inserter(judgement.verdicts));
  }
  if (auto row = unowned_events(facts)) judgement.verdicts.push_back(std::move(*row));
  if (auto row = control_leak(facts)) judgement.verdicts.push_back(std::move(*row));
  if (const auto why = control_failure(facts)) fail_control(*why, judgement);
  return judgement;
}

}  // namespace pinrig::verdict
