// SPDX-License-Identifier: GPL-2.0
// Bases that no file of configs/expectations covers: nobody said what they can do, so the base itself is what
// its patches are held to.
#include <fmt/format.h>

#include <algorithm>

#include "assess/compare.h"
#include "assess/rows.h"

namespace pinrig::assess {
namespace {

using model::Rule;
using model::Verdict;

/// With fewer tests a share of them says nothing.
constexpr std::size_t least_tests = 8;

/// What a kernel did. The rest (missing, error) is ours, or of a test that never ran.
bool is_of_the_kernel(Verdict v) {
  return v == Verdict::fail || v == Verdict::leak || v == Verdict::crash || v == Verdict::timeout ||
         v == Verdict::xpass;
}

bool can_be_compared(const Row& row) {
  return row.says->rule == Rule::failure && !row.decided && is_of_the_kernel(row.verdict()) &&
         !model::is_harness_row(row.seen->verdict.test);
}

/// Cases that a test which went down took with it.
void spread(Rows& rows) {
  for (const Block& b : blocks_of(rows)) {
    if (b.test->says->rule != Rule::compared) continue;
    if (b.test->verdict() != Verdict::crash && b.test->verdict() != Verdict::timeout) continue;
    for (auto c = b.test + 1; c != b.end; ++c) {
      if (!c->expected() && c->verdict() == Verdict::missing)
        c->set(Rule::consequence, b.test->says->reason, b.test->says->reference);
    }
  }
}

/// There are results of patches that can be held to this base.
bool has_patched(const std::vector<KernelFacts>& run, const KernelFacts& base) {
  return std::any_of(run.begin(), run.end(), [&](const KernelFacts& k) {
    return k.is_patched() && k.arch == base.arch && k.config == base.config && !rows_of(k).empty();
  });
}

void take_base_as_it_is(Rows& rows, model::KernelAssessment& out) {
  std::size_t tests = 0;
  std::size_t bad = 0;
  for (auto& row : rows) {
    const bool counts = row.is_test() && !model::is_harness_row(row.seen->verdict.test);
    tests += counts ? 1 : 0;
    if (!can_be_compared(row)) continue;
    bad += counts ? 1 : 0;
    row.set(Rule::compared,
            "no file of configs/expectations covers this base: its patches are held to what it does");
  }
  if (tests < least_tests || bad * 4 <= tests) return;
  out.unmet.push_back(fmt::format(
      "{} of {} tests fail on this base, which no file of configs/expectations covers: too many to judge its "
      "patches by comparison",
      bad, tests));
}

void hold_to(const KernelFacts& reference, Rows& rows) {
  Results now;
  for (const auto& row : rows) now.push_back(row.seen);
  const auto all = compare(rows_of(reference), now);
  for (auto& row : rows) {
    if (!can_be_compared(row)) continue;
    const auto d = std::find_if(all.begin(), all.end(), [&](const Delta& delta) {
      return delta.test == row.seen->verdict.test && delta.case_name == row.seen->verdict.case_name;
    });
    const bool no_worse =
        d != all.end() && d->before && d->kind == DeltaKind::same && is_of_the_kernel(d->before->verdict);
    if (no_worse)
      row.set(Rule::compared,
              fmt::format("{} on {} as well", model::to_string(d->before->verdict), reference.id),
              reference.id);
  }
}

}  // namespace

void judge_by_comparison(Rows& rows, const KernelFacts& kernel, const std::vector<KernelFacts>& run,
                         model::KernelAssessment& out) {
  const KernelFacts* reference = reference_of(run, kernel);
  if (reference != nullptr)
    hold_to(*reference, rows);
  else if (!kernel.is_patched() && has_patched(run, kernel))
    take_base_as_it_is(rows, out);
  spread(rows);
}

}  // namespace pinrig::assess
