// SPDX-License-Identifier: GPL-2.0
#include "run/prove.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "run/pipeline.h"
#include "spec/spec.h"

namespace pinrig::run {
namespace {

using Verdicts = std::vector<model::TestVerdict>;

fs::path mutant_file(const fs::path& project, const std::string& mutant) {
  return project / "kernels/mutants" / mutant / "series.yaml";
}

Result<std::string> base_of_mutant(const fs::path& project, const std::string& mutant,
                                   const model::TestSpec& test) {
  const fs::path file = mutant_file(project, mutant);
  std::error_code ec;
  if (!fs::exists(file, ec))
    return make_error(ErrorKind::bad_input,
                      fmt::format("{}: there is no mutant '{}': {} does not exist",
                                  to_string(test.proof.where), mutant, file.string()),
                      "kernels/mutants has a folder for each");
  PINRIG_TRY(series, spec::load_series(project, file.string()));
  return series.base;
}

Result<Verdicts> verdicts_of(const store::Store& store, const std::string& run_id) {
  Verdicts out;
  PINRIG_TRY(jobs, store.jobs(run_id));
  for (const auto& job : jobs) {
    PINRIG_TRY(rows, store.verdicts(run_id, job.cell_id));
    for (const auto& r : rows) out.push_back(r.verdict);
  }
  return out;
}

void say_weighed(const Proven& p, Observer& observer) {
  observer.on({.kind = Event::Kind::line,
               .task = "prove",
               .what = "run",
               .text = fmt::format("{}: {}{}{}", p.test, p.holds() ? "holds" : "DOES NOT HOLD",
                                   p.remark.empty() ? "" : ": ", p.remark)});
}

// The tests of the run file with a proof, where none are named.
Result<std::vector<std::string>> tests_of_run(const Inputs& in) {
  plan::PlanInput p;
  p.run = in.spec;
  p.suites = in.suites;
  PINRIG_TRY(tests, plan::select_tests(p));
  std::vector<std::string> names;
  for (const auto& t : tests) {
    if (!t.proof.empty()) names.push_back(t.name);
  }
  return names;
}

// A fault turns tests red: only what is no finding about the kernel goes on to the exit code.
ExitCode beside_verdicts(ExitCode code) { return code == ExitCode::regressions ? ExitCode::ok : code; }

}  // namespace

Result<ProveEnd> prove(ProveOptions options, const Services& services, const std::function<void()>& tick) {
  const fs::path& project = services.paths.project;
  PINRIG_TRY(defaults, load_inputs(project, {.spec = options.spec}));
  if (options.tests.empty()) {
    PINRIG_TRY(names, tests_of_run(defaults));
    options.tests = std::move(names);
  }
  PINRIG_TRY(tests, provable(defaults.suites, options));
  std::map<std::string, const model::TestSpec*> by_mutant;
  for (const auto& t : tests) by_mutant.emplace(t.proof.mutant, &t);
  PINRIG_TRY(runs, proof_runs(tests, options, defaults.spec.base, [&](const std::string& mutant) {
               return base_of_mutant(project, mutant, *by_mutant.at(mutant));
             }));
  ProveEnd end{.tests = {}, .code = ExitCode::ok};
  std::map<std::string, Verdicts> faulty;
  std::map<std::string, Verdicts> sound;
  for (auto& run : runs) {
    if (run.faulty && !run.options.series.empty())
      run.options.series = mutant_file(project, run.options.series).string();
    services.observer.on({.kind = Event::Kind::line,
                          .task = "prove",
                          .what = "run",
                          .text = fmt::format("{}: {} tests", run.name, run.tests.size())});
    PINRIG_TRY(done, execute(run.options, services, tick));
    end.code = fold(end.code, beside_verdicts(done.code));
    if (done.code == ExitCode::interrupted) break;
    PINRIG_TRY(store, open_store(services.paths));
    PINRIG_TRY(verdicts, verdicts_of(store, done.run_id));
    for (const auto& name : run.tests) (run.faulty ? faulty : sound)[name] = verdicts;
    if (!run.faulty) continue;
    // All of them take hours: what is known is said at once.
    for (const auto& t : tests) {
      if (std::find(run.tests.begin(), run.tests.end(), t.name) != run.tests.end())
        say_weighed(weigh_proof(t, faulty[t.name], sound[t.name]), services.observer);
    }
  }
  for (const auto& t : tests) {
    end.tests.push_back(weigh_proof(t, faulty[t.name], sound[t.name]));
    if (!end.tests.back().holds()) end.code = fold(end.code, ExitCode::regressions);
  }
  return end;
}

}  // namespace pinrig::run
