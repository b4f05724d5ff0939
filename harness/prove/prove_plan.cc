// SPDX-License-Identifier: GPL-2.0
// The pure part of `pinrig prove`: which runs it takes, and what their verdicts prove.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "base/hash.h"
#include "base/text.h"
#include "plan/selector.h"
#include "prove/prove.h"

namespace pinrig::prove {
namespace {

using model::TestSpec;
using Row = model::AssessedResult;
using model::Verdict;

/// What speaks for a fault that was caught: a known issue too. An error says that the test itself could not
/// be carried out.
bool is_red(const Row& row) {
  const Verdict v = row.verdict().verdict;
  return v == Verdict::fail || v == Verdict::leak || v == Verdict::crash || v == Verdict::timeout;
}

/// Whether the test itself, or one of its cases, turned red as the proof says.
bool shows_fault(const model::Proof& proof, const Row& row) {
  if (proof.rule) return row.assessment && row.assessment->rule == *proof.rule;
  if (proof.verdict && row.verdict().case_name.empty()) return row.verdict().verdict == *proof.verdict;
  return is_red(row);
}

/// A base that has the fault by itself: there is no such kernel without it.
bool is_natural(const model::Proof& proof) { return proof.mutant.empty() && proof.env.empty(); }

const Row* own_row(const TestSpec& test, const std::vector<Row>& rows) {
  const auto it = std::find_if(rows.begin(), rows.end(), [&](const auto& r) {
    return r.verdict().test == test.name && r.verdict().case_name.empty();
  });
  return it == rows.end() ? nullptr : &*it;
}

/// A guest that goes down with the test takes the cases along that came after it.
bool case_is_red(const TestSpec& test, const std::string& glob, const std::vector<Row>& rows, bool lost) {
  return std::any_of(rows.begin(), rows.end(), [&](const Row& r) {
    return r.verdict().test == test.name && !r.verdict().case_name.empty() &&
           glob_match(glob, r.verdict().case_name) &&
           (shows_fault(test.proof, r) || (lost && r.verdict().verdict == Verdict::missing));
  });
}

bool case_passed(const TestSpec& test, const std::string& glob, const std::vector<Row>& rows) {
  return std::any_of(rows.begin(), rows.end(), [&](const Row& r) {
    return r.verdict().test == test.name && r.verdict().verdict == Verdict::pass &&
           !r.verdict().case_name.empty() && glob_match(glob, r.verdict().case_name);
  });
}

/// Without the fault: passed. Where the proof names cases, others may have a known issue of that kernel.
bool is_green(const TestSpec& test, const Row& own, const std::vector<Row>& rows) {
  if (test.proof.rule) {
    return std::all_of(rows.begin(), rows.end(), [&](const Row& r) {
      return r.verdict().test != test.name || (r.assessment && r.assessment->expected());
    });
  }
  const bool known = own.assessment && own.assessment->rule == model::Rule::known_issue;
  if (own.verdict().verdict != Verdict::pass && own.verdict().verdict != Verdict::xfail && !known)
    return false;
  if (!known) return true;
  const auto& named = test.proof.red;
  return !named.empty() && std::all_of(named.begin(), named.end(), [&](const auto& glob) {
    return case_passed(test, glob, rows) && !case_is_red(test, glob, rows, false);
  });
}

std::string said(const Row& row) {
  return fmt::format("{}{}", model::to_string(row.verdict().verdict),
                     row.verdict().detail.empty() ? "" : ": " + row.verdict().detail);
}

/// The same, and the assessment if the proof is about that.
std::string assessed(const model::Proof& proof, const Row& row) {
  if (!proof.rule || !row.assessment) return said(row);
  const auto& [rule, reason, reference] = *row.assessment;
  return fmt::format("{}, {}{}", model::to_string(row.verdict().verdict), model::to_string(rule),
                     reason.empty() ? "" : ": " + reason);
}

/// The run with this name, created if needed.
ProofRun& run_named(std::vector<ProofRun>& runs, const std::string& name, const ProveOptions& o,
                    bool faulty) {
  const auto it = std::find_if(runs.begin(), runs.end(),
                               [&](const ProofRun& r) { return r.name == name && r.faulty == faulty; });
  if (it != runs.end()) return *it;
  ProofRun run{.name = name, .options = {}, .tests = {}, .faulty = faulty};
  run.options.spec = o.spec;
  run.options.archs = {o.arch};
  runs.push_back(std::move(run));
  return runs.back();
}

void add_test(ProofRun& run, const std::string& test) {
  if (std::find(run.tests.begin(), run.tests.end(), test) != run.tests.end()) return;
  run.tests.push_back(test);
  run.options.tests.push_back(test);
}

const plan::Origin named{{}, "prove"};

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Every word has to choose a test that has a proof.
Result<void> check_proofs(const std::vector<std::string>& words, const std::vector<plan::Choice>& known,
                          const std::vector<TestSpec>& with_proof) {
  for (const auto& word : words) {
    if (word.starts_with('!')) continue;
    PINRIG_TRY(selection, plan::select({word}, named, known));
    if (std::none_of(with_proof.begin(), with_proof.end(),
                     [&](const auto& t) { return contains(selection.tests, t.name); }))
      return plan::refused(named, word, "no test with a proof",
                           "`pinrig list tests` lists tests and their proofs");
  }
  return {};
}

}  // namespace

Result<std::vector<TestSpec>> provable(const std::vector<model::Suite>& suites, const ProveOptions& o) {
  std::vector<TestSpec> out;
  for (const auto& suite : suites)
    std::copy_if(suite.tests.begin(), suite.tests.end(), std::back_inserter(out),
                 [](const auto& t) { return !t.proof.empty(); });
  if (!o.tests.empty()) {
    const auto known = plan::choices(suites);
    PINRIG_TRY(selection, plan::select(o.tests, named, known));
    PINRIG_CHECK(check_proofs(o.tests, known, out));
    std::erase_if(out, [&](const auto& t) { return !contains(selection.tests, t.name); });
  }
  if (o.sample <= 0 || static_cast<std::size_t>(o.sample) >= out.size()) return out;
  std::sort(out.begin(), out.end(), [&](const auto& a, const auto& b) {
    return sha256_hex(o.seed + a.name) < sha256_hex(o.seed + b.name);
  });
  out.resize(static_cast<std::size_t>(o.sample));
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return out;
}

Result<std::vector<ProofRun>> proof_runs(
    const std::vector<TestSpec>& tests, const ProveOptions& o, const std::string& default_base,
    const std::function<Result<std::string>(const std::string&)>& base_of) {
  std::vector<ProofRun> runs;
  for (const auto& t : tests) {
    std::string base = t.proof.base.empty() ? default_base : t.proof.base;
    if (!t.proof.mutant.empty()) {
      PINRIG_TRY(of_mutant, base_of(t.proof.mutant));
      base = of_mutant;
    }
    if (!is_natural(t.proof)) {
      ProofRun& sound = run_named(runs, base, o, false);
      sound.options.base = base;
      add_test(sound, t.name);
    }
    const std::string name = t.proof.mutant.empty() ? base + " and its own faults"
                                                    : fmt::format("mutant {}{}", t.proof.mutant,
                                                                  t.proof.rule ? " and its base" : "");
    ProofRun& faulty = run_named(runs, name, o, true);
    if (t.proof.mutant.empty()) {
      faulty.options.base = base;
    } else {
      faulty.options.series = t.proof.mutant;
      faulty.options.points =
          t.proof.rule ? std::vector<std::string>{"base", "tip"} : std::vector<std::string>{"tip"};
    }
    add_test(faulty, t.name);
    if (!t.proof.env.empty()) faulty.options.env.push_back({t.name, t.proof.env, t.proof.where});
  }
  return runs;
}

Proven weigh_proof(const TestSpec& test, const std::vector<Row>& faulty, const std::vector<Row>& sound) {
  Proven p{.test = test.name, .fault = to_string(test.proof), .red = false, .green = false, .remark = ""};
  const Row* bad = own_row(test, faulty);
  const Row* good = own_row(test, sound);
  const bool natural = is_natural(test.proof);
  p.green = natural || (good != nullptr && is_green(test, *good, sound));
  if (bad == nullptr || (good == nullptr && !natural)) {
    p.remark = fmt::format("no verdict {} the fault", bad == nullptr ? "with" : "without");
    return p;
  }
  const bool lost = bad->verdict().verdict == Verdict::crash || bad->verdict().verdict == Verdict::timeout;
  std::vector<std::string> missed;
  for (const auto& glob : test.proof.red) {
    if (!case_is_red(test, glob, faulty, lost)) missed.push_back(glob);
  }
  p.red = shows_fault(test.proof, *bad) && missed.empty();
  if (!p.green)
    p.remark = "without the fault it is " + assessed(test.proof, *good);
  else if (!shows_fault(test.proof, *bad))
    p.remark = "with the fault it is " + assessed(test.proof, *bad);
  else if (!missed.empty())
    p.remark = "not red: " + join(missed, ", ");
  else
    p.remark = assessed(test.proof, *bad);
  return p;
}

}  // namespace pinrig::prove
