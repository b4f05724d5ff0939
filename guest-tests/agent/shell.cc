// SPDX-License-Identifier: GPL-2.0
#include "shell.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "child.h"
#include "sys.h"
#include "sysrq.h"

namespace pinrig::agent {
namespace {

std::string greeting(const wire::SetupDone& guest) {
  std::string text =
      "\npinrig: a shell in the guest; `exit` powers it off.\n"
      "  tests          /tests/SUITE/NAME; those of the kernel's tree /tests/kernel/NAME\n"
      "  pin counters   grep foll_pin /proc/vmstat (pages acquired and released since boot)\n"
      "  tools          less, vi, strace where pinrig could add it; `busybox` lists the rest\n";
  for (const auto& [name, device] : guest.devices) text += "  " + name + " = " + device + "\n";
  for (const auto& problem : guest.problems) text += "  problem: " + problem + "\n";
  return text;
}

[[noreturn]] void become_shell(const std::string& text, const winsize& size) {
  setsid();
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  write_file("/proc/self/oom_score_adj", "0");
  const rlimit all{RLIM_INFINITY, RLIM_INFINITY};
  setrlimit(RLIMIT_MEMLOCK, &all);
  int fd = open(console_device().c_str(), O_RDWR | O_NOCTTY);
  if (fd < 0) fd = open("/dev/console", O_RDWR | O_NOCTTY);
  for (int to = 0; to <= 2; ++to) dup2(fd, to);
  ioctl(0, TIOCSCTTY, 1);
  if (size.ws_row > 0) ioctl(0, TIOCSWINSZ, &size);
  write_all(1, text);
  for (const auto& [name, value] : default_environment()) setenv(name.c_str(), value.c_str(), 1);
  setenv("TERM", "vt100", 0);
  setenv("PS1", "guest:\\w# ", 1);
  if (chdir("/root") != 0) write_all(2, "no /root\n");
  execl("/bin/sh", "-sh", nullptr);
  execl("/bin/busybox", "-sh", nullptr);
  write_all(2, errno_text("pinrig: no /bin/sh in this guest", errno) + "\n");
  _exit(127);
}

}  // namespace

void run_shell(Processes& processes, const wire::SetupDone& guest, int rows, int columns) {
  const std::string text = greeting(guest);
  winsize size{};
  size.ws_row = static_cast<unsigned short>(rows);
  size.ws_col = static_cast<unsigned short>(columns);
  const pid_t shell = fork();
  if (shell == 0) become_shell(text, size);
  if (shell < 0) return;
  for (;;) {
    pollfd p{processes.signal_fd(), POLLIN, 0};
    poll(&p, 1, -1);
    if (processes.reap(shell)) return;
  }
}

}  // namespace pinrig::agent
