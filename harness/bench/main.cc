// SPDX-License-Identifier: GPL-2.0
// pinrig_bench: the whole-run benchmarks, each as a ratio to a floor measured in the same run. README.md says
// what each is.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>

#include "base/capacity.h"
#include "base/exit_code.h"
#include "base/log.h"
#include "base/paths.h"
#include "base/text.h"
#include "bench/bench.h"
#include "job/repro.h"
#include "process/process.h"
#include "run/status.h"

namespace pinrig::bench {
namespace {

struct Section {
  const char* name;
  Figures (*measure)(const Setup&);
};
constexpr std::array<Section, 12> sections{
    Section{"parse", parse_figures},     Section{"nights", nights_figures},
    Section{"boot", boot_figures},       Section{"start", start_figures},
    Section{"warm", warm_figures},       Section{"run", run_figures},
    Section{"full", full_figures},       Section{"console", console_figures},
    Section{"rebuild", rebuild_figures}, Section{"bisect", bisect_figures},
    Section{"each", each_figures},       Section{"coverage", coverage_figures}};

struct Words {
  std::vector<std::string> only;
  std::vector<std::string> archs{"x86_64", "aarch64"};
  int repeat = 3;
  int console_mib = 200;
  bool cold = false;
  std::string json;
};

std::vector<std::string> section_names() {
  std::vector<std::string> out;
  for (const auto& s : sections) out.emplace_back(s.name);
  return out;
}

void add_options(CLI::App& app, Words& w) {
  app.add_option("--only", w.only, "These benchmarks: " + join(section_names(), ", "))
      ->delimiter(',')
      ->check(CLI::IsMember(section_names()));
  app.add_option("--arch", w.archs, "x86_64, aarch64")
      ->delimiter(',')
      ->check(CLI::IsMember({"x86_64", "aarch64"}))
      ->capture_default_str();
  app.add_option("--repeat", w.repeat, "Measurements per benchmark; the median is reported")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--console-mib", w.console_mib, "Console output of the flooding guest, in MiB")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_flag("--cold", w.cold, "rebuild: compile the base again with an empty ccache (many minutes)");
  app.add_option("--json", w.json, "Also write the figures to this file");
}

bool chosen(const Words& w, const char* name) {
  return w.only.empty() || std::find(w.only.begin(), w.only.end(), name) != w.only.end();
}

Result<ExitCode> measure_all(const Words& w, const CancelToken& cancel) {
  PINRIG_TRY(paths, find_paths());
  const fs::path dir = paths.cache / "bench";
  paths.state = dir / "state";
  PINRIG_CHECK(make_dirs(dir));
  PINRIG_TRY(lock, FileLock::try_acquire(dir / "lock"));
  if (!lock)
    return make_error(ErrorKind::bad_usage, "another pinrig_bench is running and would distort the figures",
                      "wait until it is done");
  std::vector<Figure> figures;
  ExitCode code = ExitCode::ok;
  {
    const auto status = run::make_status(run::Verbosity::normal);
    const job::Services services{paths, cancel, *status, usable_cpus()};
    Setup setup{services, job::own_program().parent_path() / "pinrig", dir, {}, w.repeat, w.console_mib,
                w.cold};
    for (const auto& a : w.archs) setup.archs.push_back(*model::arch_from_string(a));
    for (const auto& section : sections) {
      if (!chosen(w, section.name)) continue;
      auto measured = section.measure(setup);
      if (measured.has_value()) {
        figures.insert(figures.end(), measured->begin(), measured->end());
        continue;
      }
      if (measured.error().kind == ErrorKind::cancelled) return measured.error();
      // One that fails costs its own figures only, and is seen in the exit code.
      const auto& e = measured.error();
      figures.push_back({.id = section.name,
                         .what = "failed",
                         .missing = e.message + (e.hint.empty() ? "" : "; " + e.hint)});
      code = ExitCode::harness;
    }
  }
  if (!w.json.empty()) PINRIG_CHECK(write_file_atomic(w.json, to_json(figures)));
  std::fputs(table(figures).c_str(), stdout);
  const bool over = std::any_of(figures.begin(), figures.end(), [](const Figure& f) { return f.over(); });
  return over ? ExitCode::regressions : code;
}

int main_bench(int argc, char** argv) {
  const CancelToken cancel;
  cancel_on_signals(cancel);
  CLI::App app{
      "The whole-run benchmarks of pinrig: value, floor, ratio, bound. Run it on an idle machine.\n"
      "Exit codes: 0 all within their bounds, 1 one exceeded, 2 bad usage, 4 one could not be measured.",
      "pinrig_bench"};
  Words words;
  add_options(app, words);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : static_cast<int>(ExitCode::bad_usage);
  }
  setup_log(LogLevel::normal);
  const auto code = measure_all(words, cancel);
  if (code.has_value()) return static_cast<int>(*code);
  std::fprintf(stderr, "pinrig_bench: %s\n", code.error().message.c_str());
  if (!code.error().hint.empty()) std::fprintf(stderr, "  %s\n", code.error().hint.c_str());
  return static_cast<int>(exit_code_of(code.error().kind));
}

}  // namespace
}  // namespace pinrig::bench

int main(int argc, char** argv) {
  try {
    return pinrig::bench::main_bench(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "pinrig_bench: internal error: %s\n", e.what());
    return static_cast<int>(pinrig::ExitCode::harness);
  }
}
