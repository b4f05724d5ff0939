// SPDX-License-Identifier: GPL-2.0
#include "assess/assess.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "assess/compare.h"
#include "assess/rows.h"

namespace pinrig::assess {
namespace {

using model::Rule;
using model::Verdict;
using Outcome = model::JobOutcome::Kind;

/// nr_foll_pin_acquired and _released came with 5.7 (mm/gup.c, include/linux/mmzone.h).
constexpr const char* counters_since = "5.7";

bool is_judged(const KernelFacts& k) {
  return k.build == Build::ok &&
         std::any_of(k.guests.begin(), k.guests.end(), [](const auto& g) { return !g.rows.empty(); });
}

Rows rows_to_assess(const KernelFacts& kernel, model::KernelAssessment& out) {
  Rows rows;
  for (const auto& g : kernel.guests) {
    out.guests.push_back({g.id, std::vector<model::Assessment>(g.rows.size())});
    for (std::size_t i = 0; i < g.rows.size(); ++i) rows.push_back({g.rows[i], nullptr, false});
  }
  std::size_t at = 0;
  for (auto& g : out.guests) {
    for (auto& a : g.rows) rows[at++].says = &a;
  }
  return rows;
}

/// What devalues all verdicts of a kernel.
std::vector<std::string> shortfalls(const KernelFacts& kernel, const std::vector<KernelFacts>& run) {
  std::vector<std::string> out;
  for (const auto& g : kernel.guests) {
    // Tests skip missing features: a series that breaks a driver must not pass because of that.
    for (const auto& p : g.setup) out.push_back("guest setup incomplete: " + p);
  }
  const bool blind = std::any_of(kernel.guests.begin(), kernel.guests.end(),
                                 [](const auto& g) { return !g.rows.empty() && !g.counters; });
  if (blind && model::compare_versions(kernel.point.version, counters_since) >= 0)
    out.emplace_back(
        "this kernel has no pin counters (nr_foll_pin_* of /proc/vmstat, since 5.7): leaks cannot be "
        "detected");
  for (const auto& other : run) {
    if (kernel.point.tree.empty() || other.point.number >= kernel.point.number) continue;
    if (other.arch != kernel.arch || other.config != kernel.config || other.point.tree != kernel.point.tree)
      continue;
    out.push_back(fmt::format("patch {} changes nothing: it has the same tree as {}; already in the base?",
                              kernel.point.number, other.point.label));
    break;
  }
  return out;
}

bool allows_missing(const std::vector<model::Expectation>& here, const model::TestVerdict& row) {
  return std::any_of(here.begin(), here.end(), [&](const auto& e) {
    return covers(e.tests, row, false) &&
           std::find(e.verdicts.begin(), e.verdicts.end(), Verdict::missing) != e.verdicts.end();
  });
}

bool worked(Verdict v) { return v == Verdict::pass || v == Verdict::xfail; }

/// An allowed skip that may be there on one kernel and not on another.
bool comes_and_goes(const Row& row) {
  return row.says->rule == Rule::allowed_skip && !row.says->reference.empty();
}

/// Whether a case that is gone has to be reported: the test ended, and its own row does not cover it.
bool hides_a_loss(const Row& test) {
  switch (test.verdict()) {
    case Verdict::pass:
    case Verdict::fail:
    case Verdict::leak:
    case Verdict::xfail:
    case Verdict::xpass:
      return true;
    case Verdict::skip:
      return test.expected() && !test.decided && !comes_and_goes(test);
    default:
      return false;
  }
}

/// Rows that pass or fail as expected on the reference, and are not tested here any more.
void find_losses(Rows& rows, const KernelFacts& reference, const std::vector<model::Expectation>& here,
                 model::KernelAssessment& out) {
  Results after;
  for (const auto& r : rows) after.push_back(r.seen);
  for (const auto& d : compare(rows_of(reference), after)) {
    if (!d.before || !worked(d.before->verdict)) continue;
    const bool passed = d.before->verdict == Verdict::pass;
    const auto row = std::find_if(rows.begin(), rows.end(), [&](const Row& r) {
      return r.seen->verdict.test == d.test && r.seen->verdict.case_name == d.case_name;
    });
    if (row != rows.end()) {
      const bool lesser = row->verdict() == Verdict::skip || (passed && row->verdict() == Verdict::xfail);
      if (lesser && row->expected() && !row->decided && !comes_and_goes(*row))
        row->set(Rule::lost,
                 fmt::format("{} on {}; no expectation covers the change",
                             passed ? "passes" : "fails as expected", reference.id),
                 reference.id);
      continue;
    }
    // Gone. Where the test did not get to its end, its own row says so.
    const auto test = std::find_if(rows.begin(), rows.end(), [&](const Row& r) {
      return r.is_test() && r.seen->verdict.test == d.test;
    });
    if (test == rows.end()) continue;
    model::TestVerdict name;
    name.test = d.test;
    name.case_name = d.case_name;
    if (hides_a_loss(*test) && !allows_missing(here, name))
      out.lost.push_back({d.test, d.case_name, d.before->verdict, reference.id});
  }
}

model::KernelAssessment assess_kernel(const KernelFacts& kernel, const std::vector<KernelFacts>& run,
                                      const Rulebook& rules) {
  model::KernelAssessment out;
  out.kernel_id = kernel.id;
  Rows rows = rows_to_assess(kernel, out);
  if (kernel.build != Build::ok) return out;
  const auto here = expectations_for(rules, kernel);
  const auto known = knowledge_of(rules, kernel);
  const KernelFacts* reference = reference_of(run, kernel);
  apply_expectations(rows, here);
  judge_skips(rows, known);
  out.known = apply_known_issues(rows, known, kernel.is_patched(), reference);
  const auto allowed = allow_splats(rows, rules, kernel);
  out.known.insert(out.known.end(), allowed.begin(), allowed.end());
  if (!known.covered) judge_by_comparison(rows, kernel, run, out);
  if (reference != nullptr) find_losses(rows, *reference, here, out);
  const bool same = rules.same && kernel.is_patched();
  if (same && reference != nullptr) find_differences(rows, known, *reference, rules, here, out);
  deny_splats(rows, rules, kernel);
  if (same && reference == nullptr)
    out.unmet.emplace_back("expect: same, but the base of this run has no results to compare with");
  const auto unmet = unmet_expectations(rows, here, kernel, rules);
  out.unmet.insert(out.unmet.end(), unmet.begin(), unmet.end());
  for (auto list : {unmet_capabilities(kernel, known, rules, reference), shortfalls(kernel, run)})
    out.unmet.insert(out.unmet.end(), list.begin(), list.end());
  return out;
}

ExitCode code_of(const GuestFacts& guest, const model::GuestAssessment& says) {
  if (!guest.outcome) return ExitCode::interrupted;
  switch (guest.outcome->kind) {
    case Outcome::apply_failed:
    case Outcome::build_failed:
      return ExitCode::build;
    // The verdicts of such a guest are errors of ours, not regressions of the kernel.
    case Outcome::infra_error:
      return ExitCode::harness;
    case Outcome::cancelled:
      return ExitCode::interrupted;
    default:
      break;
  }
  const bool all =
      std::all_of(says.rows.begin(), says.rows.end(), [](const auto& a) { return a.expected(); });
  return all && !says.rows.empty() ? ExitCode::ok : ExitCode::regressions;
}

ExitCode code_of(const KernelFacts& kernel, const model::KernelAssessment& says) {
  switch (kernel.build) {
    case Build::failed:
      return ExitCode::build;
    case Build::infra:
      return ExitCode::harness;
    case Build::cancelled:
      return ExitCode::interrupted;
    case Build::ok:
      break;
  }
  const bool fine = !kernel.guests.empty() && says.unmet.empty() && says.lost.empty();
  ExitCode code = fine ? ExitCode::ok : ExitCode::regressions;
  for (std::size_t i = 0; i < kernel.guests.size(); ++i)
    code = fold(code, code_of(kernel.guests[i], says.guests[i]));
  return code;
}

}  // namespace

ExitCode fold(ExitCode a, ExitCode b) {
  static constexpr std::array order{ExitCode::ok, ExitCode::harness, ExitCode::build, ExitCode::regressions,
                                    ExitCode::interrupted};
  const auto rank = [](ExitCode c) { return std::find(order.begin(), order.end(), c) - order.begin(); };
  return rank(a) > rank(b) ? a : b;
}

const KernelFacts* reference_of(const std::vector<KernelFacts>& run, const KernelFacts& kernel) {
  if (!kernel.is_patched()) return nullptr;
  const auto it = std::find_if(run.begin(), run.end(), [&](const KernelFacts& k) {
    return k.point.is_base() && k.arch == kernel.arch && k.config == kernel.config && is_judged(k);
  });
  return it == run.end() ? nullptr : &*it;
}

std::vector<const model::TestResult*> rows_of(const KernelFacts& kernel) {
  std::vector<const model::TestResult*> out;
  for (const auto& g : kernel.guests) out.insert(out.end(), g.rows.begin(), g.rows.end());
  return out;
}

RunAssessment assess(const std::vector<KernelFacts>& run, const Rulebook& rules) {
  RunAssessment out;
  if (run.empty()) out.code = ExitCode::harness;
  for (const auto& kernel : run) {
    out.kernels.push_back(assess_kernel(kernel, run, rules));
    out.code = fold(out.code, code_of(kernel, out.kernels.back()));
  }
  if (!out.kernels.empty()) {
    const auto idle = idle_splat_rules(run, rules);
    auto& known = out.kernels.front().known;
    known.insert(known.end(), idle.begin(), idle.end());
  }
  return out;
}

}  // namespace pinrig::assess
