// SPDX-License-Identifier: GPL-2.0
#include "cli/run_options.h"

#include <fmt/format.h>

#include "base/capacity.h"
#include "cli/command_line.h"

namespace pinrig::cli {
namespace {

constexpr int max_jobs = 4096;

}  // namespace

void add_run_options(CLI::App& c, RunWords& w) {
  c.add_option("run", w.spec, "Run file: a name in configs/runs, or a path")->capture_default_str();
  c.add_option(
      "-s,--series", w.series,
      "Series instead of the run file's: an mbox or patch file, a directory of patches, REPO:A..B, a "
      "series.yaml, or a name in kernels/series");
  c.add_option("-b,--base", w.base,
               "Base, a name in kernels/: the series is applied to it; without --series it is tested alone");
  c.add_option("-p,--point", w.points, "base, tip, each or patch numbers (may be repeated)");
  c.add_option("-a,--arch", w.archs, "x86_64, aarch64 (may be repeated)");
  c.add_option("-t,--test", w.tests,
               "A suite, a test, or a pattern: bio, mm/cow, 'gup/*'; '!bio' excludes (may be repeated)");
  c.add_option("-e,--env", w.env,
               "SUITE/TEST:NAME=VALUE: set an environment variable of that test (may be repeated)");
  c.add_option("--accel", w.accel, "auto, kvm or tcg");
  c.add_option("-j,--jobs", w.jobs, "Parallel compilers (default: one per CPU that pinrig may use)")
      ->check(whole_number(1, max_jobs));
}

namespace {

Result<model::TestEnv> to_env(const std::string& word) {
  const auto colon = word.find(':');
  const auto equals = word.find('=', colon == std::string::npos ? 0 : colon);
  if (colon == std::string::npos || equals == std::string::npos || colon == 0 || equals == colon + 1)
    return make_error(ErrorKind::bad_usage, fmt::format("--env {}: expected SUITE/TEST:NAME=VALUE", word),
                      "for example --env stress/all:PINRIG_STRESS_SECONDS=60");
  model::TestEnv env;
  env.test = word.substr(0, colon);
  env.env[word.substr(colon + 1, equals - colon - 1)] = word.substr(equals + 1);
  return env;
}

}  // namespace

Result<run::RunOptions> to_options(const RunWords& w) {
  run::RunOptions o;
  o.spec = w.spec;
  o.series = w.series;
  o.base = w.base;
  o.points = w.points;
  o.tests = w.tests;
  for (const auto& e : w.env) {
    PINRIG_TRY(env, to_env(e));
    o.env.push_back(std::move(env));
  }
  for (const auto& a : w.archs) {
    const auto arch = model::arch_from_string(a);
    if (!arch)
      return make_error(ErrorKind::bad_usage, fmt::format("--arch {}: no such architecture", a),
                        "known: x86_64, aarch64");
    o.archs.push_back(*arch);
  }
  if (w.accel.empty()) return o;
  for (const auto accel : {model::Accel::automatic, model::Accel::kvm, model::Accel::tcg}) {
    if (w.accel == to_string(accel)) o.accel = accel;
  }
  if (!o.accel)
    return make_error(ErrorKind::bad_usage, fmt::format("--accel {}: no such accelerator", w.accel),
                      "known: auto, kvm, tcg");
  return o;
}

int jobs_of(const RunWords& w) { return w.jobs > 0 ? w.jobs : usable_cpus(); }

}  // namespace pinrig::cli
