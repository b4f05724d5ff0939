// SPDX-License-Identifier: GPL-2.0
#include "cli/run_options.h"

#include <fmt/format.h>

#include "cli/command_line.h"

namespace pinrig::cli {
namespace {

constexpr int max_jobs = 4096;
constexpr int most_repeats = 1000;

using Words = std::vector<std::string>;

CLI::Validator known_architecture() {
  return CLI::Validator(
      [](const std::string& word) -> std::string {
        return model::arch_from_string(word)
                   ? ""
                   : fmt::format("no such architecture '{}'; known: x86_64, aarch64", word);
      },
      "");
}

std::optional<model::Accel> accel_from_string(const std::string& word) {
  for (const auto accel : {model::Accel::automatic, model::Accel::kvm, model::Accel::tcg}) {
    if (word == to_string(accel)) return accel;
  }
  return std::nullopt;
}

CLI::Validator known_accelerator() {
  return CLI::Validator(
      [](const std::string& word) -> std::string {
        return accel_from_string(word) ? ""
                                       : fmt::format("no such accelerator '{}'; known: auto, kvm, tcg", word);
      },
      "");
}

CLI::Validator expectation_word() {
  return CLI::Validator(
      [](const std::string& word) -> std::string {
        return word == "same" ? "" : fmt::format("no such expectation '{}'; known: same", word);
      },
      "");
}

/// "SUITE/TEST:NAME=VALUE"
std::optional<model::TestEnv> env_from_string(const std::string& word) {
  const auto colon = word.find(':');
  const auto equals = word.find('=', colon == std::string::npos ? 0 : colon);
  if (colon == std::string::npos || equals == std::string::npos || colon == 0 || equals == colon + 1)
    return std::nullopt;
  model::TestEnv env;
  env.test = word.substr(0, colon);
  env.env[word.substr(colon + 1, equals - colon - 1)] = word.substr(equals + 1);
  return env;
}

CLI::Validator test_environment() {
  return CLI::Validator(
      [](const std::string& word) -> std::string {
        return env_from_string(word) ? ""
                                     : fmt::format(
                                           "'{}': expected SUITE/TEST:NAME=VALUE, for example "
                                           "stress/all:PINRIG_STRESS_SECONDS=60",
                                           word);
      },
      "");
}

}  // namespace

void add_run_options(CLI::App& c, RunArguments& a) {
  run::RunOptions& o = a.options;
  c.add_option("run", o.spec, "Run file: a name in configs/runs, or a path")->capture_default_str();
  c.add_option(
      "-s,--series", o.series,
      "Series instead of the run file's: an mbox or patch file, a directory of patches, REPO:A..B, a "
      "series.yaml, a name in kernels/series, - for mails on stdin, or a Message-ID that b4 fetches");
  c.add_option("-b,--base", o.base,
               "Base, a name in kernels/: the series is applied to it; without --series it is tested alone");
  c.add_option("-p,--point", o.points, "base, tip, each or patch numbers (may be repeated)");
  c.add_option_function<Words>(
       "-a,--arch",
       [&o](const Words& words) {
         for (const auto& w : words) o.archs.push_back(*model::arch_from_string(w));
       },
       "x86_64, aarch64 (may be repeated)")
      ->check(known_architecture());
  c.add_option("-t,--test", o.tests,
               "A suite, a test, or a pattern: bio, mm/cow, 'gup/*'; '!bio' excludes; touched: of these, "
               "those that run "
               "lines of the series (may be repeated)");
  c.add_option_function<Words>(
       "-e,--env",
       [&o](const Words& words) {
         for (const auto& w : words) o.env.push_back(*env_from_string(w));
       },
       "SUITE/TEST:NAME=VALUE: set an environment variable of that test (may be repeated)")
      ->check(test_environment());
  c.add_option_function<std::string>(
       "--accel", [&o](const std::string& word) { o.accel = accel_from_string(word); }, "auto, kvm or tcg")
      ->check(known_accelerator());
  c.add_flag("--quick", o.quick,
             "Of the contract (contract/*), each obligation with one kind of memory only");
  c.add_flag("--coverage", o.coverage,
             "Also count which changed lines of the series run, in which tests: one kernel more per "
             "architecture, of the last point");
  c.add_flag(
      "--debug", o.debug,
      "Kernels for debugging: DWARF 5, frame pointers, page_owner, page_ref and kprobe events, BTF where "
      "pahole is installed");
  c.add_option_function<std::string>(
       "--expect", [&o](const std::string&) { o.same = true; },
       "same: every row of every point has to be as on the base, instead of what run and series expect")
      ->check(expectation_word());
  c.add_option(
       "--repeat", o.repeat,
       "Run every test so many times, one after the other in the same guest; the report says how often "
       "each failed, with the interval of its rate")
      ->check(CLI::Range(1, most_repeats));
  add_jobs_option(c, a.jobs);
}

void add_arch_option(CLI::App& c, model::Arch& arch) {
  c.add_option_function<std::string>(
       "-a,--arch", [&arch](const std::string& word) { arch = *model::arch_from_string(word); },
       "x86_64 or aarch64")
      ->check(known_architecture())
      ->default_str(model::to_string(arch));
}

void add_arch_option(CLI::App& c, std::optional<model::Arch>& arch, const std::string& what) {
  c.add_option_function<std::string>(
       "-a,--arch", [&arch](const std::string& word) { arch = model::arch_from_string(word); }, what)
      ->check(known_architecture());
}

void add_jobs_option(CLI::App& c, int& jobs) {
  c.add_option("-j,--jobs", jobs, "Parallel compilers (default: one per CPU that pinrig may use)")
      ->check(whole_number(1, max_jobs));
}

}  // namespace pinrig::cli
