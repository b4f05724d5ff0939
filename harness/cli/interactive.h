// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "cli/program.h"
#include "job/prepare.h"

namespace pinrig::cli {

/// Runs a guest of `job` on our terminal: a shell, or waiting for a debugger. Without a terminal on stdin the
/// shell runs the commands from stdin, and the guest ends. The shell has strace, where the distribution's
/// tools are available, and the size of our terminal.
Result<ExitCode> interact(job::ReadyJob job, bool gdb, const Program& program, const job::Services& services);

}  // namespace pinrig::cli
