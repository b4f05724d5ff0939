// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "cli/program.h"
#include "job/prepare.h"

namespace pinrig::cli {

/// A guest of `job` on our terminal: a shell, or waiting for a debugger.
Result<ExitCode> interact(const job::ReadyJob& job, bool gdb, const Program& program);

}  // namespace pinrig::cli
