// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include "cli/baseline.h"
#include "cli/output.h"
#include "cli/program.h"
#include "cli/run_choice.h"
#include "report/nights.h"
#include "run/leftovers.h"

namespace pinrig::cli {
namespace {

constexpr const char* delta_exit_codes = R"(
Exit codes: 0 nothing new that is bad, or nothing to compare with · 1 NEW RED, VANISHED or "known issue
not seen" has a line · 2 bad usage: no such run or baseline, a baseline whose run is gone, a run that is
still going on, no kernel in common · 4 the store cannot be read.
)";

struct DeltaCommand {
  std::string run = "last";
  std::string against;
  bool json = false;
};

Result<ExitCode> delta_command(const DeltaCommand& c, const Program& program) {
  PINRIG_TRY(paths, program.paths());
  PINRIG_TRY(store, run::open_store(paths));
  PINRIG_TRY(run, choose_run(store, c.run, program));
  if (run.state == store::RunState::running)
    return make_error(ErrorKind::bad_usage,
                      fmt::format("run {} is still running: half of it says nothing", run.id),
                      "wait for its end");
  std::optional<Partner> partner;
  if (!c.against.empty()) {
    PINRIG_TRY(chosen, choose_partner(store, c.against, program));
    partner = std::move(chosen);
  }
  PINRIG_TRY(report, report::load_delta(store, run, partner ? &partner->run : nullptr,
                                        partner ? partner->baseline : ""));
  if (run.state != store::RunState::finished)
    report.delta.notes.push_back(fmt::format("run {} is {}: what it lacks is listed as vanished", run.id,
                                             store::to_string(run.state)));
  PINRIG_CHECK(write_output(
      "-", c.json ? report::delta_json(report) : report::delta_text(report, terminal_style(program))));
  return report.delta.alarms() ? ExitCode::regressions : ExitCode::ok;
}

}  // namespace

void add_delta(CLI::App& app, Program& program, Action& action) {
  auto* sub = app.add_subcommand(
      "delta", "What is new in a run since an earlier one: new red, fixed, vanished, changed numbers");
  const auto c = std::make_shared<DeltaCommand>();
  sub->add_option("run", c->run, "Run ID, unique prefix, or last")->capture_default_str();
  sub->add_option(
      "--against", c->against,
      "Baseline or run to compare with (default: the newest earlier run of the same run file, base, "
      "series and choice of tests)");
  sub->add_flag("--json", c->json, "Print JSON");
  sub->footer(delta_exit_codes);
  sub->callback([c, &program, &action] { action = [c, &program] { return delta_command(*c, program); }; });
}

}  // namespace pinrig::cli
