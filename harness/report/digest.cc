// SPDX-License-Identifier: GPL-2.0
#include "report/digest.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "assess/assess.h"
#include "base/exit_code.h"
#include "base/text.h"
#include "report/digest_changes.h"

namespace pinrig::report {
namespace {

using model::Verdict;
using store::KernelState;

bool is_lost(const GuestData& g) {
  return g.ended() && !g.as_expected() && g.row.outcome->kind != model::JobOutcome::Kind::apply_failed &&
         g.row.outcome->kind != model::JobOutcome::Kind::build_failed;
}

/// A test that has no result because its guest has none says nothing by itself.
bool went_with_guest(const GuestData& g, const TestData& t) {
  return !g.completed() && t.row.verdict().verdict == Verdict::missing;
}

bool same_cases(const CaseGroup& a, const CaseGroup& b) {
  return a.verdict == b.verdict && a.detail == b.detail && a.reason == b.reason &&
         a.diagnostics == b.diagnostics && a.names == b.names;
}

bool same_loss(const model::LostRow& a, const model::LostRow& b) {
  return a.case_name == b.case_name && a.before == b.before && a.reference == b.reference;
}

std::int64_t outstanding(const std::optional<model::PinLedger>& l) {
  return l && l->available ? l->outstanding() : 0;
}

bool alike(const Finding& a, const Finding& b) {
  const Why& x = a.why;
  const Why& y = b.why;
  const auto same_event = [](const auto& e, const auto& f) { return e.title == f.title; };
  return assess::without_run(a.test) == assess::without_run(b.test) && x.verdict == y.verdict &&
         x.expected == y.expected && x.detail == y.detail && x.reason == y.reason &&
         outstanding(x.ledger) == outstanding(y.ledger) && x.diagnostics == y.diagnostics &&
         std::equal(a.lost.begin(), a.lost.end(), b.lost.begin(), b.lost.end(), same_loss) &&
         std::equal(x.cases.begin(), x.cases.end(), y.cases.begin(), y.cases.end(), same_cases) &&
         std::equal(x.events.begin(), x.events.end(), y.events.begin(), y.events.end(), same_event);
}

void add_finding(std::vector<Finding>& all, Finding f) {
  for (auto& o : all) {
    if (!alike(o, f)) continue;
    // Another run of the test on the same kernel is the same fault: repeats() says how often it was seen.
    if (o.kernels.back() != f.kernels.front()) o.kernels.push_back(f.kernels.front());
    return;
  }
  all.push_back(std::move(f));
}

std::vector<model::LostRow> lost_cases(const KernelData& k, const std::string& test) {
  std::vector<model::LostRow> out;
  for (const auto& l : k.row.lost) {
    if (l.test == test && !l.case_name.empty()) out.push_back(l);
  }
  return out;
}

void add_findings(Digest& d, const KernelData& k) {
  for (const auto& g : k.guests) {
    if (is_lost(g)) d.lost_guests.push_back({&k, &g, {}});
    for (const auto& t : g.tests) {
      auto lost = lost_cases(k, t.name());
      if (is_lost(g) && went_with_guest(g, t))
        d.lost_guests.back().tests.push_back(t.name());
      else if (!t.as_expected() || !lost.empty())
        add_finding(d.findings, {t.name(), {&k}, &t, why_of(k, t), std::move(lost)});
    }
  }
  // A test of which not even the name is left has no guest that could say why.
  for (const auto& l : k.row.lost) {
    if (l.case_name.empty()) add_finding(d.findings, {l.test, {&k}, nullptr, {}, {l}});
  }
}

std::string word_of(const Row& row) {
  const std::string word = model::to_string(row.verdict().verdict);
  if (is_known_issue(row)) return word + " as known issue";
  if (!is_bad(row.verdict().verdict)) return word;
  return word + (!row.assessment ? " not assessed yet" : row.expected() ? " as expected" : "");
}

void count_kernel(Counts& c, const KernelData& k) {
  if (not_tried(k.row.state))
    ++c.not_tried;
  else if (!k.built())
    ++c.not_built;
  c.unmet += k.row.unmet.size();
  c.lost += k.row.lost.size();
  if (k.not_built()) return;
  for (const auto& g : k.guests) {
    c.guests += g.started() && k.row.inherits.empty() ? 1 : 0;
    c.guests_lost += k.built() && !g.as_expected() ? 1 : 0;
    for (const auto& t : g.tests) {
      ++c.tests;
      c.unexpected += t.as_expected() ? 0 : 1;
      ++c.words[word_of(t.row)];
    }
  }
}

Digest::Result result_of(const Digest& d) {
  using Result = Digest::Result;
  const auto& run = d.data.run;
  const auto code = [&](ExitCode c) { return run.exit_code == static_cast<int>(c); };
  if (run.state == store::RunState::running) return Result::running;
  if (run.state == store::RunState::interrupted || code(ExitCode::interrupted)) return Result::interrupted;
  if (code(ExitCode::harness)) return Result::harness;
  if (code(ExitCode::build)) return Result::not_built;
  const auto& c = d.counts;
  const bool good = code(ExitCode::ok) && c.unexpected == 0 && c.guests_lost == 0 &&
                    c.not_built + c.not_tried == 0 && c.unmet == 0 && c.lost == 0 && c.tests > 0;
  return good ? Result::all_expected : Result::not_expected;
}

/// What broke the build at one point breaks it at the next too; its lines may have moved.
bool same_failure(const std::string& a, const std::string& b) {
  const auto without_numbers = [](const std::string& text) {
    std::string out = text;
    std::erase_if(out, [](char c) { return c >= '0' && c <= '9'; });
    return out;
  };
  return without_numbers(a) == without_numbers(b);
}

}  // namespace

std::vector<NotBuilt> not_built_of(const RunData& data) {
  std::vector<NotBuilt> out;
  const auto holds = [](const std::vector<std::string>& list, const std::string& name) {
    return std::find(list.begin(), list.end(), name) != list.end();
  };
  const KernelData* before = nullptr;
  for (const auto& k : data.kernels) {
    const KernelData* last = std::exchange(before, &k);
    if (!k.not_built()) continue;
    const bool goes_on = last != nullptr && last->not_built() && last->row.state == k.row.state &&
                         last->row.arch == k.row.arch && last->row.config.name == k.row.config.name &&
                         same_failure(last->row.failure, k.row.failure);
    const auto same = std::find_if(out.begin(), out.end(), [&](const NotBuilt& n) {
      if (not_tried(k.row.state)) return n.state == k.row.state && n.failure == k.row.failure;
      return goes_on ? holds(n.kernels, last->row.id)
                     : n.state == k.row.state && n.patch == k.row.point.number && n.failure == k.row.failure;
    });
    const bool tried = !not_tried(k.row.state);
    if (same == out.end()) {
      out.push_back({k.row.state,
                     tried ? k.row.point.number : 0,
                     tried ? k.row.point.subject : "",
                     k.row.failure,
                     k.row.build_log,
                     {k.row.arch},
                     {k.row.id},
                     {}});
      if (!tried || k.row.state == KernelState::apply_failed)
        out.back().untested.push_back(k.row.point.label);
      continue;
    }
    same->kernels.push_back(k.row.id);
    if ((goes_on || !tried) && !holds(same->untested, k.row.point.label))
      same->untested.push_back(k.row.point.label);
    if (same->archs.back() != k.row.arch) same->archs.push_back(k.row.arch);
  }
  return out;
}

std::string NotBuilt::headline() const {
  const std::string who = patch == 0 ? "the base" : fmt::format("patch {}", patch);
  switch (state) {
    case KernelState::apply_failed:
      return "the series does not apply";
    case KernelState::build_failed:
      return who + " does not build";
    case KernelState::programs_failed:
      return "the guest programs do not build";
    case KernelState::guest_failed:
      return "the guests could not be prepared";
    case KernelState::cancelled:
      return who + " was not built: interrupted";
    default:
      return who + " could not be built here";
  }
}

std::string NotBuilt::sentence() const {
  // What git says of a patch names it already.
  if (state == KernelState::apply_failed && !failure.empty()) return failure;
  return headline() + ": " + (subject.empty() ? "" : fmt::format("\"{}\": ", subject)) +
         (failure.empty() ? "no reason was recorded" : failure);
}

std::string LostGuest::headline() const {
  const auto& o = *guest->row.outcome;
  std::string kind = model::to_string(o.kind);
  std::replace(kind.begin(), kind.end(), '_', ' ');
  const std::string phase = model::to_string(o.phase);
  return kind + (phase.empty() ? "" : " in " + phase);
}

std::string Finding::headline() const {
  std::size_t cases = first == nullptr ? 0 : lost.size();
  for (const auto& g : why.cases) cases += g.names.size();
  if (first == nullptr) return test + " is gone";
  if (why.expected && why.cases.empty()) return fmt::format("{} gone from {}", count_of(cases, "case"), test);
  if (why.expected) return fmt::format("{} not as expected in {}", count_of(cases, "case"), test);
  const auto pages = outstanding(why.ledger);
  return fmt::format("{} in {}{}", model::to_string(why.verdict), test,
                     pages == 0 ? "" : fmt::format(" ({:+})", pages));
}

Why why_of(const KernelData& kernel, const TestData& t) {
  const auto& v = t.row.verdict();
  Why why{.verdict = v.verdict,
          .expected = t.row.expected(),
          .rule = {},
          .detail = v.detail,
          .reason = {},
          .diagnostics = v.diagnostics,
          .cases = {},
          .ledger = t.row.result.ledger,
          .events = {}};
  if (t.row.assessment) {
    why.rule = t.row.assessment->rule;
    why.reason = t.row.assessment->reason;
  }
  const bool surprising = !t.as_expected();
  for (const auto& c : t.cases) {
    const auto& cv = c.verdict();
    if (surprising ? c.expected() : !is_bad(cv.verdict)) continue;
    const std::string reason = c.expected() ? "" : reason_of(c);
    const auto same = std::find_if(why.cases.begin(), why.cases.end(), [&](const CaseGroup& g) {
      return g.verdict == cv.verdict && g.detail == cv.detail && g.reason == reason;
    });
    if (same == why.cases.end())
      why.cases.push_back({cv.verdict, cv.detail, reason, cv.diagnostics, {cv.case_name}});
    else
      same->names.push_back(cv.case_name);
  }
  if (const GuestData* guest = kernel.guest_of(t)) {
    for (const auto& e : guest->events) {
      if (e.owner == t.name() && !is_page_dump(e)) why.events.push_back(e);
    }
  }
  return why;
}

std::string Digest::headline() const {
  std::vector<std::string> all;
  for (const auto& n : not_built) all.push_back(n.headline());
  for (const auto& g : lost_guests) all.push_back(column_name(g.kernel->row) + " " + g.headline());
  for (const auto& f : findings) {
    const std::string line = f.headline();
    all.push_back(f.kernels.size() > 1 ? fmt::format("{} on {}", line, count_of(f.kernels.size(), "kernel"))
                                       : line);
  }
  if (counts.unmet > 0) all.push_back(count_of(counts.unmet, "expectation") + " not met");
  if (all.empty()) return "";
  return all.front() + (all.size() > 1 ? fmt::format("; {} more", all.size() - 1) : "");
}

std::unique_ptr<const Digest> digest(RunData data) {
  auto d = std::make_unique<Digest>();
  d->data = std::move(data);
  d->not_built = not_built_of(d->data);
  for (const auto& k : d->data.kernels) {
    if (!k.not_built()) add_findings(*d, k);
    count_kernel(d->counts, k);
  }
  add_changes(*d);
  d->result = result_of(*d);
  return d;
}

}  // namespace pinrig::report
