// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include "base/text.h"
#include "cli/interactive.h"
#include "cli/output.h"
#include "cli/program.h"
#include "report/results_text.h"
#include "run/rerun.h"

namespace pinrig::cli {
namespace {

struct RerunCommand {
  std::string job;
  std::vector<std::string> tests;
  bool shell = false;
  bool gdb = false;
};

Result<ExitCode> rerun_command(const RerunCommand& c, const Program& program) {
  if ((c.shell || c.gdb) && !c.tests.empty())
    return make_error(ErrorKind::bad_usage,
                      fmt::format("--test {}: {} opens a shell and runs no test",
                                  shell_quote(c.tests.front()), c.gdb ? "--gdb" : "--shell"),
                      "omit --test and start the test in that shell: its program is below /tests");
  PINRIG_TRY(paths, program.paths());
  std::string text;
  ExitCode code = ExitCode::ok;
  {
    const auto status = run::make_status(program.verbosity());
    const job::Services services{paths, program.cancel, *status, 1};
    PINRIG_TRY(job, run::ready_again({c.job, c.tests}, services));
    if (c.shell || c.gdb) return interact(job, c.gdb, program, services);
    PINRIG_TRY(end, run::rerun(job, services));
    text = report::results_text(end.result.results, end.result.guest.facts.events, terminal_style(program)) +
           end.text;
    code = end.code;
  }
  PINRIG_CHECK(write_output("-", text));
  return code;
}

}  // namespace

void add_rerun(CLI::App& app, Program& program, Action& action) {
  auto* sub = app.add_subcommand("rerun", "Run a saved guest again (what repro.sh does)");
  const auto c = std::make_shared<RerunCommand>();
  sub->add_option("job", c->job, "job.json of the guest")->required();
  sub->add_option("-t,--test", c->tests, "Run only these tests, as for `run --test` (may be repeated)");
  auto* shell =
      sub->add_flag("--shell", c->shell, "Open a shell in a guest with the same devices; runs no test");
  sub->add_flag("--gdb", c->gdb, "Like --shell, but the guest waits for gdb before its first instruction")
      ->excludes(shell);
  sub->callback([c, &program, &action] { action = [c, &program] { return rerun_command(*c, program); }; });
}

}  // namespace pinrig::cli
