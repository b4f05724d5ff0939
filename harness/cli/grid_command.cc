// SPDX-License-Identifier: GPL-2.0
#include "cli/command_line.h"
#include "cli/output.h"
#include "cli/program.h"
#include "cli/run_choice.h"
#include "report/nights.h"
#include "run/leftovers.h"

namespace pinrig::cli {
namespace {

constexpr int most_columns = 250;

constexpr const char* grid_legend = R"(
Marks: ✓ as expected, ✗ fail, ▲ leak, ☠ crash, ⧖ timeout, – skip, unlisted, - skip, x known issue,
X known issue not seen, ? missing, ! error or broken kernel, blank: not in that run.
Without Unicode: . F L C T s - x X ? !
Words, over the newest 10 runs: passing, failing (red, and not by turns), flaky (two flips or more; three
reds in a row are one failure and no flips), broken (no usable verdict), stale (not in them).
)";

struct GridCommand {
  std::string run = "last";
  int last = 50;
  history::GridOptions options;
  bool json = false;
};

Result<ExitCode> grid_command(const GridCommand& c, const Program& program) {
  PINRIG_TRY(paths, program.paths());
  PINRIG_TRY(store, run::open_store(paths));
  PINRIG_TRY(run, choose_run(store, c.run, program));
  PINRIG_TRY(data, report::load_line(store, run, c.last));
  auto options = c.options;
  options.nights = static_cast<std::size_t>(c.last);
  const auto grid = history::grid(data.line, options);
  PINRIG_CHECK(write_output(
      "-", c.json ? report::grid_json(data, grid) : report::grid_text(data, grid, terminal_style(program))));
  return ExitCode::ok;
}

struct HistoryCommand {
  std::string test;
  std::string run = "last";
  int last = 50;
  bool json = false;
};

Result<ExitCode> history_command(const HistoryCommand& c, const Program& program) {
  PINRIG_TRY(paths, program.paths());
  PINRIG_TRY(store, run::open_store(paths));
  PINRIG_TRY(run, choose_run(store, c.run, program));
  PINRIG_TRY(data, report::load_line(store, run, c.last));
  PINRIG_TRY(history, report::load_history(store, data, c.test));
  PINRIG_CHECK(write_output("-", c.json ? report::history_json(data, history)
                                        : report::history_text(data, history, terminal_style(program))));
  return ExitCode::ok;
}

}  // namespace

void add_grid(CLI::App& app, Program& program, Action& action) {
  auto* sub = app.add_subcommand("grid", "Tests × runs: red rows of comparable runs, newest left");
  const auto c = std::make_shared<GridCommand>();
  sub->add_option("run", c->run, "The newest of the runs: ID, unique prefix, or last")->capture_default_str();
  sub->add_option("--last", c->last, "Runs, as far as they fit")
      ->check(whole_number(1, most_columns))
      ->capture_default_str();
  sub->add_option("-t,--test", c->options.tests, "Only tests that match, such as 'bio/*'");
  sub->add_flag("--cases", c->options.cases,
                "A row for each case too (default: a test stands for its cases)");
  sub->add_flag("--all", c->options.all, "Also rows that were never red, or are stale");
  sub->add_flag("--json", c->json, "Print JSON");
  sub->footer(grid_legend);
  sub->callback([c, &program, &action] { action = [c, &program] { return grid_command(*c, program); }; });
}

void add_history(CLI::App& app, Program& program, Action& action) {
  auto* sub =
      app.add_subcommand("history", "A test over all comparable runs: verdicts, pins, times, kernels");
  const auto c = std::make_shared<HistoryCommand>();
  sub->add_option("test", c->test, "For example bio/dio_rw, or bio/dio_rw:CASE")->required();
  sub->add_option("--run", c->run, "The newest of the runs: ID, unique prefix, or last")
      ->capture_default_str();
  sub->add_option("--last", c->last, "Runs to read")
      ->check(whole_number(1, report::most_nights))
      ->capture_default_str();
  sub->add_flag("--json", c->json, "Print JSON");
  sub->callback([c, &program, &action] { action = [c, &program] { return history_command(*c, program); }; });
}

}  // namespace pinrig::cli
