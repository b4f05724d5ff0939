// SPDX-License-Identifier: GPL-2.0
#include "cli/output.h"
#include "cli/program.h"
#include "cli/run_choice.h"
#include "report/review.h"
#include "run/leftovers.h"

namespace pinrig::cli {
namespace {

Result<ExitCode> checks_command(const std::string& word, const Program& program) {
  PINRIG_TRY(paths, program.paths());
  PINRIG_TRY(store, run::open_store(paths));
  PINRIG_TRY(run, choose_run(store, word, program));
  PINRIG_TRY(text, report::checks(store, run));
  PINRIG_CHECK(write_output("-", text));
  return ExitCode::ok;
}

}  // namespace

void add_checks(CLI::App& app, Program& program, Action& action) {
  auto* sub = app.add_subcommand("checks", "Print a run's result for each patch as JSON, for patchwork");
  const auto word = std::make_shared<std::string>("last");
  sub->add_option("run", *word, "Run ID, unique prefix, or last")->capture_default_str();
  sub->callback(
      [word, &program, &action] { action = [word, &program] { return checks_command(*word, program); }; });
}

}  // namespace pinrig::cli
