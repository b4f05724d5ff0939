// SPDX-License-Identifier: GPL-2.0
#include "prove/prove.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "assess/assess.h"
#include "base/text.h"
#include "prove/stored.h"
#include "run/leftovers.h"
#include "run/pipeline.h"
#include "spec/spec.h"

namespace pinrig::prove {
namespace {

using job::Event;
using job::Observer;

fs::path mutant_file(const fs::path& project, const std::string& mutant) {
  return project / "kernels/mutants" / mutant / "series.yaml";
}

Result<std::string> base_of_mutant(const fs::path& project, const std::string& mutant, const Oracle& oracle) {
  const fs::path file = mutant_file(project, mutant);
  std::error_code ec;
  if (!fs::exists(file, ec))
    return make_error(ErrorKind::bad_input,
                      fmt::format("{}: no mutant '{}': {} does not exist", to_string(oracle.proof.where),
                                  mutant, file.string()),
                      "kernels/mutants has a folder per mutant");
  PINRIG_TRY(series, spec::load_series(project, file.string()));
  return series.base;
}

void say_weighed(const Proven& p, Observer& observer) {
  observer.on({.kind = Event::Kind::line,
               .task = "prove",
               .what = "run",
               .text = fmt::format("{}: {}{}{}", p.test, p.holds() ? "holds" : "DOES NOT HOLD",
                                   p.remark.empty() ? "" : ": ", p.remark)});
}

// The tests of the run file with a proof, where none are named.
Result<std::vector<std::string>> tests_of_run(const run::Inputs& in) {
  PINRIG_TRY(tests, plan::select_tests(in.spec, in.suites));
  std::vector<std::string> names;
  for (const auto& t : tests) {
    if (!t.proofs.empty()) names.push_back(t.name);
  }
  return names;
}

/// What the run of an oracle came to.
struct Outcome {
  Said said;
  ExitCode code = ExitCode::ok;
};
/// By the index of the oracle.
using Outcomes = std::map<std::size_t, Outcome>;

Proven weigh(const Oracle& oracle, const Outcome& faulty, const Outcome& sound) {
  return weigh_run(oracle, faulty.said, sound.said, faulty.code);
}

// A fault turns tests red: only what is no finding about the kernel goes on to the exit code.
ExitCode beside_verdicts(ExitCode code) { return code == ExitCode::regressions ? ExitCode::ok : code; }

}  // namespace

Result<ProveEnd> prove(ProveOptions options, const Services& services, const std::function<void()>& tick) {
  const fs::path& project = services.paths.project;
  PINRIG_TRY(defaults, run::load_inputs(project, {.spec = options.spec}));
  if (options.tests.empty()) {
    PINRIG_TRY(names, tests_of_run(defaults));
    options.tests = std::move(names);
  }
  PINRIG_TRY(oracles, provable(defaults.suites, options));
  std::map<std::string, const Oracle*> by_mutant;
  for (const auto& t : oracles) by_mutant.emplace(t.proof.mutant, &t);
  PINRIG_TRY(runs, proof_runs(oracles, options, defaults.spec.base, [&](const std::string& mutant) {
               return base_of_mutant(project, mutant, *by_mutant.at(mutant));
             }));
  ProveEnd end{.tests = {}, .code = ExitCode::ok};
  Outcomes faulty;
  Outcomes sound;
  for (auto& one : runs) {
    if (one.faulty && !one.options.series.empty())
      one.options.series = mutant_file(project, one.options.series).string();
    services.observer.on(
        {.kind = Event::Kind::line,
         .task = "prove",
         .what = "run",
         .text = fmt::format("{}: {}", one.name, count_of(one.options.tests.size(), "test"))});
    PINRIG_TRY(done, run::execute(one.options, services, tick));
    end.code = assess::fold(end.code, beside_verdicts(done.code));
    if (done.code == ExitCode::interrupted) break;
    PINRIG_TRY(store, run::open_store(services.paths));
    PINRIG_TRY(said, said_by(store, done.run_id));
    for (const std::size_t i : one.oracles) (one.faulty ? faulty : sound)[i] = {said, done.code};
    if (!one.faulty) continue;
    // All of them take hours: what is known is said at once.
    for (const std::size_t i : one.oracles)
      say_weighed(weigh(oracles[i], faulty[i], sound[i]), services.observer);
  }
  for (std::size_t i = 0; i < oracles.size(); ++i) {
    end.tests.push_back(weigh(oracles[i], faulty[i], sound[i]));
    if (!end.tests.back().holds()) end.code = assess::fold(end.code, ExitCode::regressions);
  }
  return end;
}

}  // namespace pinrig::prove
