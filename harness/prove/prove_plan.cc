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

using Row = model::AssessedResult;
using model::Verdict;

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

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

const Row* own_row(const Oracle& test, const std::vector<Row>& rows) {
  const auto it = std::find_if(rows.begin(), rows.end(), [&](const auto& r) {
    return r.verdict().test == test.test && r.verdict().case_name.empty();
  });
  return it == rows.end() ? nullptr : &*it;
}

/// A case that was never reached, because the guest went down before it, shows nothing.
bool case_is_red(const Oracle& test, const std::string& glob, const std::vector<Row>& rows) {
  return std::any_of(rows.begin(), rows.end(), [&](const Row& r) {
    return r.verdict().test == test.test && !r.verdict().case_name.empty() &&
           glob_match(glob, r.verdict().case_name) && shows_fault(test.proof, r);
  });
}

bool case_passed(const Oracle& test, const std::string& glob, const std::vector<Row>& rows) {
  return std::any_of(rows.begin(), rows.end(), [&](const Row& r) {
    return r.verdict().test == test.test && r.verdict().verdict == Verdict::pass &&
           !r.verdict().case_name.empty() && glob_match(glob, r.verdict().case_name);
  });
}

/// Without the fault: passed. Where the proof names cases, others may have a known issue of that kernel.
bool is_green(const Oracle& test, const Row& own, const std::vector<Row>& rows) {
  if (test.proof.rule) {
    return std::all_of(rows.begin(), rows.end(), [&](const Row& r) {
      return r.verdict().test != test.test || (r.assessment && r.assessment->expected());
    });
  }
  const bool known = own.assessment && own.assessment->rule == model::Rule::known_issue;
  if (own.verdict().verdict != Verdict::pass && own.verdict().verdict != Verdict::xfail && !known)
    return false;
  if (!known) return true;
  const auto& named = test.proof.red;
  return !named.empty() && std::all_of(named.begin(), named.end(), [&](const auto& glob) {
    return case_passed(test, glob, rows) && !case_is_red(test, glob, rows);
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

std::string red_cases(const Oracle& oracle, const std::vector<Row>& rows) {
  constexpr std::size_t most = 6;
  std::vector<std::string> names;
  for (const Row& r : rows) {
    if (r.verdict().test == oracle.test && !r.verdict().case_name.empty() && shows_fault(oracle.proof, r))
      names.push_back(r.verdict().case_name);
  }
  if (names.empty()) return "";
  const std::size_t more = names.size() > most ? names.size() - most : 0;
  names.resize(names.size() - more);
  return "; red: " + join(names, ", ") + (more == 0 ? "" : fmt::format(" and {} more", more));
}

bool pages_fit(const model::ProofPages& want, std::int64_t outstanding) {
  using Sign = model::ProofPages::Sign;
  if (want.sign == Sign::balanced) return outstanding == 0;
  if (want.sign == Sign::over_released) outstanding = -outstanding;
  return outstanding > 0 && (want.pages == 0 || outstanding == want.pages);
}

/// What the proof says of the test's own row and is not so; empty: all of it is.
std::string unfit(const Oracle& oracle, const Row& own, const Said& faulty) {
  const auto& proof = oracle.proof;
  if (!shows_fault(proof, own)) return "with the fault it is " + assessed(proof, own);
  if (proof.pages && !pages_fit(*proof.pages, own.result.outstanding()))
    return fmt::format("with the fault {} pages are outstanding, the proof says {}",
                       own.result.outstanding() == 0 ? "0" : fmt::format("{:+}", own.result.outstanding()),
                       model::reason_text({.pages = proof.pages}));
  const bool logged = std::any_of(faulty.events.begin(), faulty.events.end(), [&](const auto& e) {
    return e.owner == oracle.test && e.title.find(proof.event) != std::string::npos;
  });
  if (!proof.event.empty() && !logged) return "with the fault the kernel did not log: " + proof.event;
  std::vector<std::string> missed;
  for (const auto& glob : proof.red) {
    if (!case_is_red(oracle, glob, faulty.rows)) missed.push_back(glob);
  }
  return missed.empty() ? "" : "not red: " + join(missed, ", ");
}

std::string oracle_text(const model::Proof& proof) {
  const std::string reason = model::reason_text(proof);
  const std::string cases = join(proof.red, ", ");
  return cases + (cases.empty() || reason.empty() ? "" : "; ") + reason;
}

/// The run with this name in which the test has no place yet, or the one without faults; created if needed.
ProofRun& run_named(std::vector<ProofRun>& runs, const std::string& name, const ProveOptions& o, bool faulty,
                    const std::string& test) {
  const auto it = std::find_if(runs.begin(), runs.end(), [&](const ProofRun& r) {
    return r.name == name && r.faulty == faulty && (!faulty || !contains(r.options.tests, test));
  });
  if (it != runs.end()) return *it;
  ProofRun run{.name = name, .options = {}, .oracles = {}, .faulty = faulty};
  run.options.spec = o.spec;
  run.options.archs = {o.arch};
  run.options.purpose = "prove";
  runs.push_back(std::move(run));
  return runs.back();
}

void add_oracle(ProofRun& run, const Oracle& oracle, std::size_t index) {
  run.oracles.push_back(index);
  if (!contains(run.options.tests, oracle.test)) run.options.tests.push_back(oracle.test);
}

const plan::Origin named{{}, "prove"};

/// Every word has to choose a test that has a proof.
Result<void> check_proofs(const std::vector<std::string>& words, const std::vector<plan::Choice>& known,
                          const std::vector<Oracle>& with_proof) {
  for (const auto& word : words) {
    if (word.starts_with('!')) continue;
    PINRIG_TRY(selection, plan::select({word}, named, known));
    if (std::none_of(with_proof.begin(), with_proof.end(),
                     [&](const auto& t) { return contains(selection.tests, t.test); }))
      return plan::refused(named, word, "no test with a proof",
                           "`pinrig list tests` lists tests and their proofs");
  }
  return {};
}

}  // namespace

Result<std::vector<Oracle>> provable(const std::vector<model::Suite>& suites, const ProveOptions& o) {
  std::vector<Oracle> out;
  for (const auto& suite : suites) {
    for (const auto& t : suite.tests) {
      for (const auto& proof : t.proofs) out.push_back({t.name, proof});
    }
  }
  if (!o.tests.empty()) {
    const auto known = plan::choices(suites);
    PINRIG_TRY(selection, plan::select(o.tests, named, known));
    PINRIG_CHECK(check_proofs(o.tests, known, out));
    std::erase_if(out, [&](const auto& t) { return !contains(selection.tests, t.test); });
  }
  if (o.sample <= 0 || static_cast<std::size_t>(o.sample) >= out.size()) return out;
  const auto key = [&](const Oracle& t) { return sha256_hex(o.seed + t.test + to_string(t.proof)); };
  std::sort(out.begin(), out.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
  out.resize(static_cast<std::size_t>(o.sample));
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.test < b.test; });
  return out;
}

Result<std::vector<ProofRun>> proof_runs(
    const std::vector<Oracle>& oracles, const ProveOptions& o, const std::string& default_base,
    const std::function<Result<std::string>(const std::string&)>& base_of) {
  std::vector<ProofRun> runs;
  for (std::size_t i = 0; i < oracles.size(); ++i) {
    const Oracle& t = oracles[i];
    std::string base = t.proof.base.empty() ? default_base : t.proof.base;
    if (!t.proof.mutant.empty()) {
      PINRIG_TRY(of_mutant, base_of(t.proof.mutant));
      base = of_mutant;
    }
    if (!is_natural(t.proof)) {
      ProofRun& sound = run_named(runs, base, o, false, t.test);
      sound.options.base = base;
      add_oracle(sound, t, i);
    }
    const std::string name = t.proof.mutant.empty() ? base + " and its own faults"
                                                    : fmt::format("mutant {}{}", t.proof.mutant,
                                                                  t.proof.rule ? " and its base" : "");
    ProofRun& faulty = run_named(runs, name, o, true, t.test);
    if (t.proof.mutant.empty()) {
      faulty.options.base = base;
    } else {
      faulty.options.series = t.proof.mutant;
      faulty.options.points =
          t.proof.rule ? std::vector<std::string>{"base", "tip"} : std::vector<std::string>{"tip"};
    }
    add_oracle(faulty, t, i);
    if (!t.proof.env.empty()) faulty.options.env.push_back({t.test, t.proof.env, t.proof.where});
  }
  return runs;
}

Proven weigh_proof(const Oracle& oracle, const Said& faulty, const Said& sound) {
  Proven p{.test = oracle.test,
           .fault = to_string(oracle.proof),
           .oracle = oracle_text(oracle.proof),
           .red = false,
           .green = false,
           .remark = ""};
  const Row* bad = own_row(oracle, faulty.rows);
  const Row* good = own_row(oracle, sound.rows);
  const bool natural = is_natural(oracle.proof);
  p.green = natural || (good != nullptr && is_green(oracle, *good, sound.rows));
  if (bad == nullptr || (good == nullptr && !natural)) {
    p.remark = fmt::format("no verdict {} the fault", bad == nullptr ? "with" : "without");
    return p;
  }
  const std::string why = unfit(oracle, *bad, faulty);
  p.red = why.empty();
  if (!p.green)
    p.remark = "without the fault it is " + assessed(oracle.proof, *good);
  else
    p.remark = p.red ? assessed(oracle.proof, *bad) + red_cases(oracle, faulty.rows) : why;
  return p;
}

Proven weigh_run(const Oracle& oracle, const Said& faulty, const Said& sound, ExitCode code) {
  Proven p = weigh_proof(oracle, faulty, sound);
  if (!p.holds() || !oracle.proof.base.empty() || code != ExitCode::ok) return p;
  p.red = false;
  p.remark = "the run with the fault has exit code 0, although it is " + p.remark;
  return p;
}

}  // namespace pinrig::prove
