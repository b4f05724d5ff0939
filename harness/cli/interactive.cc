// SPDX-License-Identifier: GPL-2.0
#include "cli/interactive.h"

#include <unistd.h>

#include <cstdio>

#include "run/shell_input.h"
#include "vm/interactive.h"

namespace pinrig::cli {

Result<ExitCode> interact(job::ReadyJob job, bool gdb, const Program& program) {
  if (::isatty(STDIN_FILENO) != 1) {
    PINRIG_TRY(commands, run::read_commands(STDIN_FILENO, program.cancel));
    PINRIG_CHECK(run::give_commands(job, commands));
  }
  const auto mode = gdb ? vm::QemuMode::gdb : vm::QemuMode::shell;
  PINRIG_CHECK(vm::interactive(job.spec, vm::GuestFiles{job.dir}, job.drives, mode, program.cancel,
                               [](const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); }));
  return ExitCode::ok;
}

}  // namespace pinrig::cli
