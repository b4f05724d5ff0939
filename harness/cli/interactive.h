// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "cli/program.h"
#include "run/stages.h"

namespace pinrig::cli {

/// A guest of `job` on our terminal: a shell, or waiting for a debugger.
Result<ExitCode> interact(const run::ReadyJob& job, bool gdb, const Program& program);

}  // namespace pinrig::cli
