// SPDX-License-Identifier: GPL-2.0
// Runs for the tests of assess, from rows in one line each.
#pragma once

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "assess/assess.h"

namespace pinrig::assess {

/// "a/test" or "a/test:case", what was seen, and pages left.
struct SeenRow {
  std::string name;
  model::Verdict verdict;
  std::int64_t pages = 0;
  std::vector<model::Verdict> own{};    ///< of a test: verdicts against it apart from its cases
  std::vector<model::Splat> splats{};   ///< of a test: reports of the kernel
  std::vector<model::Verdict> apart{};  ///< of a test: verdicts of `own` with another reason than these
};

/// Keeps the rows that the facts point to.
class Sample {
 public:
  /// A kernel of debian-6.12 with one guest that completed.
  KernelFacts& add(int point, const std::vector<SeenRow>& rows, model::Arch arch = model::Arch::x86_64);
  RunAssessment assess() const { return assess::assess(kernels, rules); }
  /// What a kernel's rows were assessed as: "leak known_issue", in order.
  std::vector<std::string> words(std::size_t kernel) const;

  std::vector<KernelFacts> kernels;
  Rulebook rules;

 private:
  std::deque<model::TestResult> rows_;
};

inline model::TestResult result_of(const SeenRow& row) {
  model::TestResult r;
  const auto colon = row.name.find(':');
  r.verdict.test = row.name.substr(0, colon);
  if (colon != std::string::npos) r.verdict.case_name = row.name.substr(colon + 1);
  r.verdict.verdict = row.verdict;
  r.verdict.own = row.own;
  r.verdict.splats = row.splats;
  r.verdict.apart = row.apart;
  if (row.pages != 0) {
    r.ledger.emplace();
    r.ledger->available = true;
    r.ledger->after.acquired = row.pages;
  }
  return r;
}

inline KernelFacts& Sample::add(int point, const std::vector<SeenRow>& rows, model::Arch arch) {
  rules.base = "debian-6.12";
  KernelFacts k;
  k.point.number = point;
  k.point.label = point == 0 ? "base" : "tip";
  k.point.tree = "tree" + std::to_string(point);
  k.point.version = "6.12.117";
  k.is_tip = point > 0;
  k.arch = arch;
  k.id = k.point.label + "-" + model::to_string(arch);
  GuestFacts g;
  g.id = k.id;
  g.outcome.emplace();
  g.outcome->kind = model::JobOutcome::Kind::completed;
  for (const auto& row : rows) {
    rows_.push_back(result_of(row));
    g.rows.push_back(&rows_.back());
    if (row.name.find(':') != std::string::npos) continue;
    g.tests.push_back(row.name);
    rules.all_tests.push_back(row.name);
  }
  k.guests.push_back(std::move(g));
  kernels.push_back(std::move(k));
  return kernels.back();
}

inline std::vector<std::string> Sample::words(std::size_t kernel) const {
  const auto says = assess().kernels.at(kernel);
  std::vector<std::string> out;
  for (std::size_t g = 0; g < says.guests.size(); ++g) {
    const auto& seen = kernels[kernel].guests[g].rows;
    for (std::size_t i = 0; i < seen.size(); ++i)
      out.push_back(std::string(model::to_string(seen[i]->verdict.verdict)) + " " +
                    model::to_string(says.guests[g].rows[i].rule));
  }
  return out;
}

}  // namespace pinrig::assess
