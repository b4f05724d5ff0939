// SPDX-License-Identifier: GPL-2.0
#include "cli/interactive.h"

#include <cstdio>

#include "vm/interactive.h"

namespace pinrig::cli {

Result<ExitCode> interact(const job::ReadyJob& job, bool gdb, const Program& program) {
  const auto mode = gdb ? vm::QemuMode::gdb : vm::QemuMode::shell;
  PINRIG_CHECK(vm::interactive(job.spec, vm::GuestFiles{job.dir}, job.drives, mode, program.cancel,
                               [](const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); }));
  return ExitCode::ok;
}

}  // namespace pinrig::cli
