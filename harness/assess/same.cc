// SPDX-License-Identifier: GPL-2.0
// `expect: same`: nothing but what an expectation names may differ from the base.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "assess/rows.h"
#include "base/text.h"

namespace pinrig::assess {
namespace {

using model::PinClaim;
using model::PinLedger;
using model::Rule;
using Key = std::pair<std::string, std::string>;

Key key_of(const model::TestVerdict& v) { return {v.test, v.case_name}; }

const char* word_of(PinClaim::Mode mode) {
  switch (mode) {
    case PinClaim::Mode::net_zero:
      return "net_zero";
    case PinClaim::Mode::exact:
      return "exact";
    case PinClaim::Mode::at_least:
      return "at_least";
  }
  return "?";
}

PinClaim claim_of(const PinLedger& l) { return l.claim.value_or(PinClaim{}); }

/// Each difference as "acquired 4 pages on base-x86_64, 8 here".
class Differences {
 public:
  explicit Differences(std::string reference) : reference_(std::move(reference)) {}

  void number(const char* what, std::int64_t before, std::int64_t now) {
    if (before != now) all_.push_back(fmt::format("{} {} on {}, {} here", what, before, reference_, now));
  }
  void word(const char* what, const std::string& before, const std::string& now) {
    if (before != now) all_.push_back(fmt::format("{}{} on {}, {} here", what, before, reference_, now));
  }
  std::string text() const { return join(all_, "; "); }

 private:
  std::string reference_;
  std::vector<std::string> all_;
};

void compare_pins(const PinLedger& before, const PinLedger& now, bool vary, Differences& out) {
  const PinClaim was = claim_of(before);
  const PinClaim is = claim_of(now);
  out.word("claim ", word_of(was.mode), word_of(is.mode));
  vary = vary || was.mode == PinClaim::Mode::at_least || is.mode == PinClaim::Mode::at_least;
  const auto any = [](const PinLedger& l) { return l.acquired() != 0 ? "some" : "none"; };
  if (vary) {
    out.word("pages pinned: ", any(before), any(now));
    out.number("pages outstanding:", before.outstanding(), now.outstanding());
    return;
  }
  out.number("pages claimed:", was.pages, is.pages);
  out.number("pages acquired:", before.acquired(), now.acquired());
  out.number("pages released:", before.released(), now.released());
}

std::string difference(const model::TestResult& before, const model::TestResult& now, bool vary,
                       const std::string& reference) {
  Differences out(reference);
  out.word("", model::to_string(before.verdict.verdict), model::to_string(now.verdict.verdict));
  const auto counted = [](const model::TestResult& r) { return r.ledger && r.ledger->available; };
  out.word("pins ", counted(before) ? "counted" : "not counted", counted(now) ? "counted" : "not counted");
  if (counted(before) && counted(now)) compare_pins(*before.ledger, *now.ledger, vary, out);
  return out.text();
}

/// A listed skip or a known issue that is there on some runs only.
bool comes_and_goes(const model::TestVerdict& row, const Knowledge& known) {
  const auto skip = [&](const model::AllowedSkip& s) { return s.sometimes && covers(s.tests, row, true); };
  const auto names = [&](const std::string& glob) {
    return covers(row.case_name.empty() ? glob.substr(0, glob.find(':')) : glob, row, false);
  };
  const auto issue = [&](const model::KnownIssue& i) {
    return i.sometimes && std::any_of(i.tests.begin(), i.tests.end(), names);
  };
  return std::any_of(known.skips.begin(), known.skips.end(), skip) ||
         std::any_of(known.issues.begin(), known.issues.end(), issue);
}

/// Rows that only the reference has, of tests that got to their end here.
void add_gone(const Rows& rows, const KernelFacts& reference, const std::set<Key>& seen,
              const std::vector<model::Expectation>& here, model::KernelAssessment& out) {
  for (const auto* before : rows_of(reference)) {
    const auto& v = before->verdict;
    if (model::is_harness_row(v.test) || seen.contains(key_of(v))) continue;
    const bool ended = std::any_of(rows.begin(), rows.end(), [&](const Row& r) {
      return r.is_test() && r.seen->verdict.test == v.test && r.expected() && !r.decided;
    });
    const bool named =
        std::any_of(here.begin(), here.end(), [&](const auto& e) { return covers(e.tests, v, false); });
    const bool listed = std::any_of(out.lost.begin(), out.lost.end(), [&](const auto& l) {
      return l.test == v.test && l.case_name == v.case_name;
    });
    if (ended && !named && !listed) out.lost.push_back({v.test, v.case_name, v.verdict, reference.id});
  }
}

}  // namespace

void find_differences(Rows& rows, const Knowledge& known, const KernelFacts& reference, const Rulebook& rules,
                      const std::vector<model::Expectation>& here, model::KernelAssessment& out) {
  std::map<Key, const model::TestResult*> before;
  for (const auto* r : rows_of(reference)) before.emplace(key_of(r->verdict), r);
  std::set<Key> seen;
  // Gone cases first: a test whose counts differ is as much at its end as others.
  for (const auto& row : rows) seen.insert(key_of(row.seen->verdict));
  add_gone(rows, reference, seen, here, out);
  for (auto& row : rows) {
    const auto& v = row.seen->verdict;
    if (model::is_harness_row(v.test) || row.decided || !row.expected() || comes_and_goes(v, known)) continue;
    const auto old = before.find(key_of(v));
    const std::string why = old == before.end() ? fmt::format("not on {}", reference.id)
                                                : difference(*old->second, *row.seen,
                                                             rules.pins_vary.contains(v.test), reference.id);
    if (!why.empty()) row.set(Rule::differs, why + "; nothing may change (expect: same)", reference.id);
  }
}

}  // namespace pinrig::assess
