// SPDX-License-Identifier: GPL-2.0
#include "history/cell.h"

namespace pinrig::history {
namespace {

using model::Rule;
using model::Verdict;

bool says_nothing(Verdict v) { return v == Verdict::error || v == Verdict::missing; }

State by_verdict(Verdict v) {
  if (says_nothing(v)) return State::unusable;
  if (v == Verdict::skip) return State::skipped;
  return v == Verdict::pass || v == Verdict::xfail ? State::green : State::red;
}

}  // namespace

State state_of(Verdict verdict, std::optional<Rule> rule) {
  if (!rule) return by_verdict(verdict);
  switch (*rule) {
    case Rule::issue_gone:
      return State::gone;
    case Rule::known_issue:
    case Rule::consequence:
    case Rule::compared:
      return verdict == Verdict::skip ? State::skipped : State::known;
    case Rule::expectation:
      return verdict == Verdict::skip ? State::skipped : State::green;
    default:
      break;
  }
  if (verdict == Verdict::skip) return model::is_expected(*rule) ? State::skipped : State::unlisted;
  if (says_nothing(verdict)) return State::unusable;
  return model::is_expected(*rule) ? State::green : State::red;
}

}  // namespace pinrig::history
