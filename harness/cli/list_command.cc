// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include "cli/output.h"
#include "cli/program.h"
#include "report/show.h"
#include "run/pipeline.h"
#include "spec/spec.h"

namespace pinrig::cli {
namespace {

Result<ExitCode> list_runs(int limit, const Program& program) {
  PINRIG_TRY(paths, program.paths());
  PINRIG_TRY(store, run::open_store(paths));
  PINRIG_TRY(rows, store.runs(limit));
  PINRIG_CHECK(write_output("-", report::list_runs(rows, terminal_style(program))));
  return ExitCode::ok;
}

Result<ExitCode> list_tests(const Program& program) {
  PINRIG_TRY(paths, program.paths());
  PINRIG_TRY(suites, spec::load_all_suites(paths.project));
  std::string out;
  int count = 0;
  for (const auto& s : suites) {
    out += fmt::format("{}: {}\n", s.name, s.title);
    for (const auto& t : s.tests) {
      out += fmt::format("  {:<28} {:>4.0f}s  {}{}\n", t.name, t.limit_s, t.what, t.proof.empty() ? "" : "  [red on " + to_string(t.proof) + "]");
      ++count;
    }
  }
  out += fmt::format("{} tests in {} suites\n", count, suites.size());
  PINRIG_CHECK(write_output("-", out));
  return ExitCode::ok;
}

}  // namespace

void add_list(CLI::App& app, Program& program, Action& action) {
  auto* sub = app.add_subcommand("list", "The runs so far, newest first; `list tests` for suites and tests");
  const auto limit = std::make_shared<int>(20);
  sub->add_option("-n,--limit", *limit, "At most this many runs")->check(CLI::PositiveNumber)->capture_default_str();
  auto* tests = sub->add_subcommand("tests", "Every test: time limit, what it guards, on which fault it turns red");
  tests->callback([&program, &action] { action = [&program] { return list_tests(program); }; });
  sub->callback([limit, &program, &action, tests] {
    if (!tests->parsed()) action = [limit, &program] { return list_runs(*limit, program); };
  });
}

}  // namespace pinrig::cli
