// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include "cli/list_tests.h"
#include "cli/output.h"
#include "cli/program.h"
#include "report/show.h"
#include "run/leftovers.h"
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

struct TestWords {
  std::vector<std::string> globs;
  bool json = false;
};

Result<ExitCode> list_tests(const TestWords& words, const Program& program) {
  PINRIG_TRY(paths, program.paths());
  PINRIG_TRY(suites, spec::load_all_suites(paths.project));
  PINRIG_CHECK(
      write_output("-", words.json ? tests_json(suites, words.globs) : tests_text(suites, words.globs)));
  return ExitCode::ok;
}

}  // namespace

void add_list(CLI::App& app, Program& program, Action& action) {
  auto* sub = app.add_subcommand("list", "The runs so far, newest first; `list tests` for suites and tests");
  const auto limit = std::make_shared<int>(20);
  sub->add_option("-n,--limit", *limit, "At most this many runs")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  auto* tests = sub->add_subcommand(
      "tests", "Every test: time limit, what it guards, needs and covers, on which fault it turns red");
  const auto test_words = std::make_shared<TestWords>();
  tests->add_option("test", test_words->globs, "Suites or tests, * and ? match; without any, all");
  tests->add_flag("--json", test_words->json, "As JSON");
  tests->callback([test_words, &program, &action] {
    action = [test_words, &program] { return list_tests(*test_words, program); };
  });
  sub->callback([limit, &program, &action, tests] {
    if (!tests->parsed()) action = [limit, &program] { return list_runs(*limit, program); };
  });
}

}  // namespace pinrig::cli
