// SPDX-License-Identifier: GPL-2.0
// What the run and its series say of some tests.
#include <fmt/format.h>

#include <algorithm>

#include "assess/rows.h"
#include "base/text.h"

namespace pinrig::assess {
namespace {

using model::Expectation;
using model::Rule;
using model::Verdict;

bool applies(const Expectation& e, const KernelFacts& k) {
  const auto names_point = [&](const std::string& p) {
    return (p == "base" && k.point.is_base()) || (p == "tip" && k.is_tip) ||
           p == std::to_string(k.point.number);
  };
  return (e.archs.empty() || std::find(e.archs.begin(), e.archs.end(), k.arch) != e.archs.end()) &&
         (e.points.empty() || std::any_of(e.points.begin(), e.points.end(), names_point));
}

bool allows(const Expectation& e, Verdict v) {
  return std::find(e.verdicts.begin(), e.verdicts.end(), v) != e.verdicts.end();
}

std::string verdict_list(const Expectation& e) {
  std::vector<std::string> names;
  for (const Verdict v : e.verdicts) names.emplace_back(model::to_string(v));
  return join(names, " or ");
}

bool ends_a_test(Verdict v) { return v == Verdict::crash || v == Verdict::timeout || v == Verdict::error; }

const Expectation* last_match(const std::vector<Expectation>& here, const model::TestVerdict& row) {
  const Expectation* match = nullptr;
  for (const auto& e : here) {
    if (covers(e.tests, row, false)) match = &e;
  }
  return match;
}

void apply_to(Row& row, const Expectation& e) {
  row.decided = true;
  const auto& seen = row.seen->verdict;
  if (all_allowed(e.verdicts, seen)) return row.set(Rule::expectation, e.reason);
  std::vector<std::string> also;
  for (const Verdict v : seen.own) {
    if (v != seen.verdict && !allows(e, v)) also.emplace_back(model::to_string(v));
  }
  const bool more = allows(e, row.verdict());
  row.set(Rule::otherwise,
          fmt::format("expected {}{}: {}", verdict_list(e),
                      more ? ", and it is " + join(also, " and ") + " as well" : "", e.reason));
}

}  // namespace

void apply_expectations(Rows& rows, const std::vector<Expectation>& here) {
  for (const Block& b : blocks_of(rows)) {
    const Expectation* of_test = last_match(here, b.test->seen->verdict);
    for (auto row = b.test; row != b.end; ++row) {
      const auto* match = row == b.test ? of_test : last_match(here, row->seen->verdict);
      if (match != nullptr) {
        apply_to(*row, *match);
        continue;
      }
      row->set(fine_by_itself(row->verdict()) ? Rule::fine : Rule::failure);
      if (row == b.test || row->expected() || of_test == nullptr) continue;
      // What is allowed for a test is allowed for the case that causes it, or that it made impossible.
      const bool cut_short = b.test->expected() && ends_a_test(b.test->verdict());
      if (allows(*of_test, row->verdict()))
        row->set(Rule::expectation, of_test->reason);
      else if (cut_short && row->verdict() == Verdict::missing)
        row->set(Rule::consequence, of_test->reason);
    }
  }
}

std::vector<Expectation> expectations_for(const Rulebook& rules, const KernelFacts& kernel) {
  std::vector<Expectation> out;
  for (const auto& e : rules.expect) {
    if (applies(e, kernel)) out.push_back(e);
  }
  return out;
}

std::vector<std::string> unmet_expectations(const Rows& rows, const std::vector<Expectation>& here,
                                            const KernelFacts& kernel, const Rulebook& rules) {
  std::vector<std::string> chosen{model::unowned_test, model::control_test};
  for (const auto& g : kernel.guests) chosen.insert(chosen.end(), g.tests.begin(), g.tests.end());
  std::vector<std::string> out;
  for (const auto& e : here) {
    const std::string glob = e.tests.substr(0, e.tests.find(':'));
    const auto any = [&](const std::vector<std::string>& names) {
      return std::any_of(names.begin(), names.end(),
                         [&](const auto& n) { return model::means_test(glob, n); });
    };
    // It does not apply to tests that are not in this run.
    if (!e.required || (!any(chosen) && any(rules.all_tests))) continue;
    const bool judged = std::any_of(rows.begin(), rows.end(), [&](const Row& r) {
      return r.verdict() != Verdict::missing && last_match({e}, r.seen->verdict) != nullptr;
    });
    if (judged) continue;
    const std::string where = e.where.file.empty() ? "" : model::to_string(e.where) + ": ";
    out.push_back(fmt::format("{}expected {} to be {} at {} on {}, but no such test has a verdict", where,
                              e.tests, verdict_list(e), kernel.point.label, model::to_string(kernel.arch)));
  }
  return out;
}

}  // namespace pinrig::assess
