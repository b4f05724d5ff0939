// SPDX-License-Identifier: GPL-2.0
#include "cli/interactive.h"
#include "cli/output.h"
#include "cli/program.h"
#include "cli/run_options.h"
#include "cli/series_source.h"
#include "run/boot.h"

namespace pinrig::cli {
namespace {

struct BootCommand {
  RunArguments arguments;
  bool shell = false;
  bool gdb = false;
};

Result<ExitCode> boot_command(BootCommand c, const Program& program) {
  PINRIG_TRY(paths, program.paths());
  PINRIG_CHECK(fetch_series(c.arguments.options, paths, program.cancel));
  std::string text;
  {
    const auto status = run::make_status(program.verbosity());
    const job::Services services{paths, program.cancel, *status, c.arguments.jobs};
    PINRIG_TRY(job, run::ready_boot(c.arguments.options, services));
    if (c.shell || c.gdb) return interact(job, c.gdb, program, services);
    PINRIG_TRY(facts, run::boot_once(job, services));
    text = std::move(facts);
  }
  PINRIG_CHECK(write_output("-", text));
  return ExitCode::ok;
}

}  // namespace

void add_boot(CLI::App& app, Program& program, Action& action) {
  auto* sub = app.add_subcommand(
      "boot", "Boot the first guest of a run and power it off; --shell or --gdb to stay in it");
  const auto c = std::make_shared<BootCommand>();
  add_run_options(*sub, c->arguments);
  auto* shell = sub->add_flag(
      "--shell", c->shell, "Open a shell in the guest; without a terminal it runs the commands from stdin");
  sub->add_flag("--gdb", c->gdb, "Like --shell, but the guest waits for gdb before its first instruction")
      ->excludes(shell);
  sub->callback([c, &program, &action] { action = [c, &program] { return boot_command(*c, program); }; });
}

}  // namespace pinrig::cli
