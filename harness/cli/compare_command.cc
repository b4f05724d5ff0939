// SPDX-License-Identifier: GPL-2.0
#include "cli/output.h"
#include "cli/program.h"
#include "cli/run_choice.h"
#include "report/review.h"
#include "run/leftovers.h"

namespace pinrig::cli {
namespace {

struct CompareCommand {
  std::string before;
  std::string now = "last";
  bool json = false;
};

Result<ExitCode> compare_command(const CompareCommand& c, const Program& program) {
  PINRIG_TRY(paths, program.paths());
  PINRIG_TRY(store, run::open_store(paths));
  PINRIG_TRY(before, choose_run(store, c.before, program));
  PINRIG_TRY(now, choose_run(store, c.now, program));
  PINRIG_TRY(text, c.json ? report::compare_runs_json(store, before, now)
                          : report::compare_runs(store, before, now, terminal_style(program)));
  PINRIG_CHECK(write_output("-", text));
  return ExitCode::ok;
}

}  // namespace

void add_compare(CLI::App& app, Program& program, Action& action) {
  auto* sub = app.add_subcommand(
      "compare", "Compare the runs of two versions of a series: patches, results, what is still red");
  const auto c = std::make_shared<CompareCommand>();
  sub->add_option("before", c->before, "Run of the earlier version: ID, unique prefix, or last")->required();
  sub->add_option("now", c->now, "Run of the later version")->capture_default_str();
  sub->add_flag("--json", c->json, "Print JSON");
  sub->callback([c, &program, &action] { action = [c, &program] { return compare_command(*c, program); }; });
}

}  // namespace pinrig::cli
