// SPDX-License-Identifier: GPL-2.0
#include "cli/output.h"
#include "cli/program.h"
#include "report/report.h"
#include "report/show.h"
#include "run/assessment.h"
#include "run/leftovers.h"

namespace pinrig::cli {
namespace {

struct ShowCommand {
  std::string run = "last";
  std::string guest;
  std::string test;
  std::string format = "terminal";
  bool reassess = false;
};

Result<std::string> render(const ShowCommand& c, const store::Store& store, const store::RunRow& run,
                           const Program& program) {
  if (c.reassess && c.format != "terminal")
    return make_error(ErrorKind::bad_usage, "--reassess: only the terminal report can be assessed again",
                      "leave --format out");
  if (c.format == "junit") return report::junit(store, run);
  if (c.format == "ktap") return report::ktap(store, run);
  if (c.format == "json") return report::json(store, run);
  report::Selection what{c.guest, c.test};
  if (!c.reassess) return report::show(store, run, what, terminal_style(program));
  PINRIG_TRY(paths, program.paths());
  PINRIG_TRY(assessment, run::reassess(store, run, paths.project));
  what.assessment = &assessment;
  return report::show(store, run, what, terminal_style(program));
}

Result<ExitCode> show_command(const ShowCommand& c, const Program& program) {
  PINRIG_TRY(paths, program.paths());
  PINRIG_TRY(store, run::open_store(paths));
  PINRIG_TRY(run, store.find_run(c.run));
  if (!run)
    return make_error(ErrorKind::bad_usage, "no run " + c.run, "`pinrig list` shows the runs there are");
  PINRIG_TRY(text, render(c, store, *run, program));
  PINRIG_CHECK(write_output("-", text));
  return ExitCode::ok;
}

}  // namespace

void add_show(CLI::App& app, Program& program, Action& action) {
  auto* sub = app.add_subcommand("show", "A run; one of its guests; one test with its ledger and reasons");
  const auto c = std::make_shared<ShowCommand>();
  sub->add_option("run", c->run, "Id, unique beginning of one, or last")->capture_default_str();
  sub->add_option("guest", c->guest, "Such as tip-x86_64");
  sub->add_option("test", c->test, "Such as bio/dio_rw");
  sub->add_flag(
      "--reassess", c->reassess,
      "Assess the stored verdicts with the expectation files as they are now; nothing is booted or written");
  sub->add_option("-f,--format", c->format, "terminal, junit, ktap or json")
      ->check(CLI::IsMember({"terminal", "junit", "ktap", "json"}))
      ->capture_default_str();
  sub->callback([c, &program, &action] { action = [c, &program] { return show_command(*c, program); }; });
}

}  // namespace pinrig::cli
