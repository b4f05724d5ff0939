// SPDX-License-Identifier: GPL-2.0
#include "run/assessment.h"

#include "kconfig/fragment.h"
#include "run/run_file.h"
#include "spec/spec.h"

namespace pinrig::run {
namespace {

using store::KernelState;

assess::Build build_of(KernelState state) {
  switch (state) {
    case KernelState::built:
      return assess::Build::ok;
    case KernelState::apply_failed:
    case KernelState::build_failed:
      return assess::Build::failed;
    case KernelState::programs_failed:
    case KernelState::guest_failed:
    case KernelState::infra_error:
      return assess::Build::infra;
    case KernelState::planned:
    case KernelState::cancelled:
      break;
  }
  return assess::Build::cancelled;
}

/// The tests of a guest whose plan is not at hand: those that it has rows of.
std::vector<std::string> tests_in(const std::vector<model::AssessedResult>& rows) {
  std::vector<std::string> out;
  for (const auto& r : rows) {
    if (r.verdict().case_name.empty()) out.push_back(r.verdict().test);
  }
  return out;
}

Result<assess::GuestFacts> guest_facts(const store::Store& store, const store::GuestRow& g,
                                       StoredFacts& out) {
  PINRIG_TRY(rows, store.results(g.run_id, g.id));
  out.rows.push_back(std::make_unique<std::vector<model::AssessedResult>>(std::move(rows)));
  assess::GuestFacts facts{.id = g.id,
                           .tests = tests_in(*out.rows.back()),
                           .outcome = g.outcome,
                           .rows = {},
                           .capabilities = g.capabilities,
                           .counters = g.counters,
                           .setup = g.setup};
  for (const auto& r : *out.rows.back()) facts.rows.push_back(&r.result);
  return facts;
}

}  // namespace

Result<StoredFacts> stored_facts(const store::Store& store, const store::RunRow& run) {
  StoredFacts out;
  PINRIG_TRY(kernels, store.kernels(run.id));
  PINRIG_TRY(guests, store.guests(run.id));
  for (const auto& k : kernels) {
    assess::KernelFacts facts;
    facts.id = k.id;
    facts.point = k.point;
    facts.is_tip = k.is_tip;
    facts.arch = k.arch;
    facts.config = k.config.name;
    facts.build = build_of(k.state);
    if (const auto config = read_file(fs::path(k.dir) / "kernel.config"); config.has_value())
      facts.symbols = kconfig::parse_config(*config);
    for (const auto& g : guests) {
      if (g.kernel_id != k.id) continue;
      PINRIG_TRY(one, guest_facts(store, g, out));
      facts.guests.push_back(std::move(one));
    }
    out.kernels.push_back(std::move(facts));
  }
  return out;
}

namespace {

void add_tests(assess::Rulebook& rules, const model::Suite& suite) {
  for (const auto& t : suite.tests) {
    rules.all_tests.push_back(t.name);
    if (t.pins_vary) rules.pins_vary.insert(t.name);
  }
}

}  // namespace

assess::Rulebook rulebook_of(const Inputs& in, const std::string& started) {
  assess::Rulebook rules;
  rules.today = started.substr(0, std::string_view("2026-11-30").size());
  rules.base = in.base.name;
  rules.expect = in.spec.expect;
  rules.same = in.spec.same;
  if (in.series) {
    rules.expect.insert(rules.expect.begin(), in.series->expect.begin(), in.series->expect.end());
    rules.capabilities = in.series->capabilities;
  }
  rules.requirements = in.requirements;
  rules.known_issues = in.known_issues;
  rules.splats = in.splats;
  for (const auto& s : in.suites) add_tests(rules, s);
  return rules;
}

namespace {

/// What the run recorded of its series and run file, and what the project says of kernels and tests.
Result<assess::Rulebook> recorded_rules(const RecordedRun& recorded, const StoredFacts& facts,
                                        const fs::path& project) {
  assess::Rulebook rules = *recorded.rules;
  PINRIG_TRY(requirements, spec::load_all_requirements(project));
  rules.requirements = std::move(requirements);
  PINRIG_TRY(known, spec::load_all_known_issues(project));
  rules.known_issues = std::move(known);
  PINRIG_TRY(splats, spec::load_all_splat_rules(project));
  rules.splats = std::move(splats);
  // Which tests there are only tells a typo in an expectation from a test that was not run.
  for (const auto& k : facts.kernels) {
    for (const auto& g : k.guests)
      rules.all_tests.insert(rules.all_tests.end(), g.tests.begin(), g.tests.end());
  }
  if (const auto suites = spec::load_all_suites(project); suites.has_value()) {
    for (const auto& s : *suites) add_tests(rules, s);
  }
  return rules;
}

}  // namespace

Result<Reassessment> reassess(const store::Store& store, const store::RunRow& run, const fs::path& project) {
  PINRIG_TRY(recorded, read_run_file(fs::path(run.dir) / "run.json"));
  PINRIG_TRY(facts, stored_facts(store, run));
  const auto inputs = load_inputs(project, recorded.options);
  if (inputs.has_value())
    return Reassessment{assess::assess(facts.kernels, rulebook_of(*inputs, run.started)), ""};
  if (!recorded.rules) return inputs.error();
  PINRIG_TRY(rules, recorded_rules(recorded, facts, project));
  rules.today = run.started.substr(0, std::string_view("2026-11-30").size());
  return Reassessment{assess::assess(facts.kernels, rules),
                      "expectations are those of the run, because " + inputs.error().message};
}

}  // namespace pinrig::run
