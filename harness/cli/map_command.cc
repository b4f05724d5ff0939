// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include "cli/output.h"
#include "cli/program.h"
#include "report/map.h"
#include "run/leftovers.h"
#include "spec/spec.h"

namespace pinrig::cli {
namespace {

struct MapCommand {
  std::vector<std::string> runs;
  bool markdown = false;
  bool capabilities = false;
  std::string output = "-";
};

constexpr int max_runs = 500;  ///< of the store, newest first

Result<std::vector<store::RunRow>> rows_of(const MapCommand& c, const store::Store& store) {
  if (c.runs.empty()) return store.runs(max_runs);
  std::vector<store::RunRow> out;
  for (const auto& id : c.runs) {
    PINRIG_TRY(run, store.find_run(id));
    if (!run) return make_error(ErrorKind::bad_usage, "no run " + id, "`pinrig list` lists the runs");
    out.push_back(std::move(*run));
  }
  return out;
}

Result<ExitCode> map_command(const MapCommand& c, const Program& program) {
  PINRIG_TRY(paths, program.paths());
  PINRIG_TRY(store, run::open_store(paths));
  PINRIG_TRY(runs, rows_of(c, store));
  const auto style = terminal_style(program);
  if (c.capabilities) {
    PINRIG_TRY(table, report::capability_table(store, runs));
    PINRIG_CHECK(write_output(c.output, c.markdown ? report::capabilities_markdown(table)
                                                   : report::capabilities_terminal(table, style)));
    return ExitCode::ok;
  }
  PINRIG_TRY(rows, spec::load_map(paths.project));
  PINRIG_TRY(suites, spec::load_all_suites(paths.project));
  PINRIG_TRY(map, report::pin_map(rows, suites, store, runs));
  PINRIG_CHECK(
      write_output(c.output, c.markdown ? report::map_markdown(map) : report::map_terminal(map, style)));
  return ExitCode::ok;
}

}  // namespace

void add_map(CLI::App& app, Program& program, Action& action) {
  auto* sub =
      app.add_subcommand("map", "Pin paths x kernels, from stored runs: every row of guest-tests/map.yaml");
  const auto c = std::make_shared<MapCommand>();
  sub->add_option("run", c->runs, "Runs to read; default: the newest verdict of each test in the store");
  sub->add_flag("--capabilities", c->capabilities,
                "Print the capabilities of the kernels, as probed, instead of the rows");
  sub->add_flag("--markdown", c->markdown, "Print a Markdown table");
  sub->add_option("-o,--output", c->output, "File to write to")->capture_default_str();
  sub->callback([c, &program, &action] { action = [c, &program] { return map_command(*c, program); }; });
}

}  // namespace pinrig::cli
