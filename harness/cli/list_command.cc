// SPDX-License-Identifier: GPL-2.0
#include <ctime>

#include "cli/command_line.h"
#include "cli/list_tests.h"
#include "cli/output.h"
#include "cli/program.h"
#include "report/list.h"
#include "run/leftovers.h"
#include "spec/spec.h"

namespace pinrig::cli {
namespace {

struct RunsCommand {
  report::ListFilter filter;
  std::string since;
  bool json = false;
};

Result<ExitCode> list_runs(RunsCommand c, const Program& program) {
  PINRIG_TRY(paths, program.paths());
  if (!c.since.empty()) {
    PINRIG_TRY(since, report::since_time(c.since, std::time(nullptr)));
    c.filter.since = std::move(since);
  }
  PINRIG_TRY(store, run::open_store(paths));
  PINRIG_TRY(list, report::run_list(store, c.filter));
  PINRIG_CHECK(
      write_output("-", c.json ? report::list_json(list) : report::list_text(list, terminal_style(program))));
  return ExitCode::ok;
}

struct TestWords {
  std::vector<std::string> tests;
  bool json = false;
};

Result<ExitCode> list_tests(const TestWords& words, const Program& program) {
  PINRIG_TRY(paths, program.paths());
  PINRIG_TRY(suites, spec::load_all_suites(paths.project));
  PINRIG_TRY(chosen, chosen_tests(std::move(suites), words.tests));
  PINRIG_CHECK(write_output("-", words.json ? tests_json(chosen) : tests_text(chosen)));
  return ExitCode::ok;
}

}  // namespace

void add_list(CLI::App& app, Program& program, Action& action) {
  auto* sub =
      app.add_subcommand("list", "List the stored runs, newest first; `list tests` lists suites and tests");
  const auto runs = std::make_shared<RunsCommand>();
  sub->add_option("-n,--limit", runs->filter.limit, "List at most this many runs")
      ->check(whole_number(1, 1000000))
      ->capture_default_str();
  sub->add_flag("--failed", runs->filter.failed, "List only runs that failed or were interrupted");
  sub->add_option("--since", runs->since,
                  "List only runs since a date (2026-11-21, UTC), or since 36h or 7d ago");
  sub->add_flag("--all", runs->filter.all, "Also list the runs of `pinrig prove`");
  sub->add_flag("--json", runs->json, "As JSON");
  auto* tests = sub->add_subcommand(
      "tests", "List every test: time limit, what it checks, requires, covers, and must detect");
  const auto test_words = std::make_shared<TestWords>();
  tests->add_option("test", test_words->tests, "Suites or tests, as for `run --test`; default: all");
  tests->add_flag("--json", test_words->json, "As JSON");
  tests->callback([test_words, &program, &action] {
    action = [test_words, &program] { return list_tests(*test_words, program); };
  });
  sub->callback([runs, &program, &action, tests] {
    if (!tests->parsed()) action = [runs, &program] { return list_runs(*runs, program); };
  });
}

}  // namespace pinrig::cli
