// SPDX-License-Identifier: GPL-2.0
#include "sysrq.h"

#include <fcntl.h>
#include <pthread.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "sys.h"

namespace pinrig::agent {
namespace {

// Those that only print: noise on the line must not reboot or crash the guest.
constexpr std::string_view keys = "ldmtw";

struct Line {
  int terminal = -1;
  int trigger = -1;
};

// A thread of PID 1 and no process: those are killed when a test ends.
void* hand_on_keys(void* argument) {
  const Line& line = *static_cast<const Line*>(argument);
  for (;;) {
    char key = 0;
    const ssize_t n = read(line.terminal, &key, 1);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return nullptr;
    if (keys.find(key) != std::string_view::npos) write_all(line.trigger, std::string_view(&key, 1));
  }
}

// Blocking, without echo, and no key is a signal; a BREAK that the kernel does not take is no key.
int open_line() {
  const int fd = open(console_device().c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  termios t{};
  if (fd < 0 || tcgetattr(fd, &t) != 0) return fd;
  cfmakeraw(&t);
  t.c_cflag |= CLOCAL | CREAD;
  t.c_iflag |= IGNBRK;
  tcsetattr(fd, TCSANOW, &t);
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
  return fd;
}

void start_thread(Line& line) {
  constexpr int first = 99;
  const sched_param ahead{.sched_priority = first};
  pthread_attr_t how;
  pthread_attr_init(&how);
  pthread_attr_setinheritsched(&how, PTHREAD_EXPLICIT_SCHED);
  pthread_attr_setschedpolicy(&how, SCHED_FIFO);
  pthread_attr_setschedparam(&how, &ahead);
  pthread_attr_setdetachstate(&how, PTHREAD_CREATE_DETACHED);
  pthread_t thread{};
  if (pthread_create(&thread, &how, hand_on_keys, &line) != 0) note("has no thread for sysrq");
  pthread_attr_destroy(&how);
}

}  // namespace

std::string console_device() {
  const std::string active = read_attribute("/sys/class/tty/console/active");
  const auto blank = active.rfind(' ');
  return "/dev/" + (active.empty() ? "console" : active.substr(blank == std::string::npos ? 0 : blank + 1));
}

void listen_for_sysrq() {
  static Line line;
  if (line.trigger >= 0 || line.terminal >= 0) return;
  line.terminal = open_line();
  line.trigger = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);
  if (line.terminal >= 0 && line.trigger >= 0) start_thread(line);
}

}  // namespace pinrig::agent
