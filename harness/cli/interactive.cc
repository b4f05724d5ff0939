// SPDX-License-Identifier: GPL-2.0
#include "cli/interactive.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdio>

#include "base/environment.h"
#include "run/shell_input.h"
#include "run/trace.h"
#include "vm/interactive.h"

namespace pinrig::cli {

namespace {

/// The kernel hands TERM to the agent as a variable, and pinrig.tty as an option.
void describe_terminal(job::ReadyJob& job) {
  winsize size{};
  auto& words = job.spec.machine.kernel_args;
  if (::ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
    words.push_back(fmt::format("pinrig.tty={}:{}", size.ws_row, size.ws_col));
  const std::string name = environment("TERM").value_or("");
  const bool plain =
      std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) || c == '-'; });
  if (!name.empty() && plain) words.push_back("TERM=" + name);
}

}  // namespace

Result<ExitCode> interact(job::ReadyJob job, bool gdb, const Program& program,
                          const job::Services& services) {
  if (!gdb) {
    if (const auto added = run::add_strace(job, services); added.has_error())
      services.observer.on({.kind = job::Event::Kind::warning,
                            .task = job.spec.guest_id,
                            .text = "no strace in this guest: " + added.error().message});
  }
  if (::isatty(STDIN_FILENO) == 1) describe_terminal(job);
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
