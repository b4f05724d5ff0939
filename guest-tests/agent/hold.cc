// SPDX-License-Identifier: GPL-2.0
#include "hold.h"

#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "sys.h"

namespace pinrig::agent {
namespace {

constexpr int most_pages = 1 << 16;

// 0 or an errno value. Pages that are private, written, resident and small: exactly `pages` pins.
int pin_buffer(int pages, const char** step) {
  const auto size = static_cast<std::size_t>(pages) * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  *step = "mmap";
  void* buffer = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (buffer == MAP_FAILED) return errno;
  madvise(buffer, size, MADV_NOHUGEPAGE);
  std::memset(buffer, 0x5a, size);
  *step = "io_uring_setup";
  io_uring_params params{};
  const long ring = syscall(__NR_io_uring_setup, 4, &params);
  if (ring < 0) return errno;
  *step = "io_uring_register";
  const iovec vector{buffer, size};
  return syscall(__NR_io_uring_register, ring, IORING_REGISTER_BUFFERS, &vector, 1) == 0 ? 0 : errno;
}

struct Report {
  int error;
  char step[32];
};

[[noreturn]] void holder(int pages, int report_fd) {
  const char* step = "";
  Report report{};
  report.error = pin_buffer(pages, &step);
  std::strncpy(report.step, step, sizeof report.step - 1);
  if (write(report_fd, &report, sizeof report) != sizeof report || report.error != 0) _exit(1);
  for (;;) pause();
}

std::string trouble_with(const wire::TestEnd& end, const std::string& said) {
  if (end.how == "exited" && end.code == 0) {
    if (end.leftover == 1) return {};
    return "the control left " + std::to_string(end.leftover) + " processes behind instead of 1";
  }
  if (!end.problem.empty()) return end.problem;
  if (!said.empty()) return said;
  return "the control " + end.how + " " + std::to_string(end.code);
}

}  // namespace

int hold_main(int pages) {
  int fds[2];
  if (pages < 1 || pages > most_pages || pipe(fds) != 0) return 2;
  const pid_t pid = fork();
  if (pid < 0) return 2;
  if (pid == 0) holder(pages, fds[1]);
  // Without our own end of it a holder that dies is seen as the end of the pipe.
  close(fds[1]);
  Report report{};
  if (read(fds[0], &report, sizeof report) != sizeof report) return 3;
  if (report.error == 0) return 0;
  dprintf(STDERR_FILENO, "%s: %s", report.step, std::strerror(report.error));
  return 1;
}

wire::HoldResult hold_control(Guest& guest, const wire::HoldControl& control) {
  wire::HoldResult result;
  std::string said;
  wire::Run run;
  run.name = "pinrig/hold_control";
  run.argv = {executable_path(), hold_argument, std::to_string(control.pages)};
  run.limit_ms = control.limit_ms;
  RunPlan plan;
  plan.leftovers = Leftovers::keep;
  plan.held = control.pages;
  plan.sink = [&said](wire::Kind, std::string& frame) { said += frame.substr(wire::header_size); };
  const wire::TestEnd held = run_test(guest, run, plan);

  const std::int64_t base = held.before.acquired - held.before.released;
  const std::string stuck = guest.processes.kill_all(guest.kill_limit_ms());
  const wire::Sample after = guest.ledger.after({base});
  result.problem = trouble_with(held, said);
  if (result.problem.empty()) result.problem = stuck;
  result.available = held.before.available && held.after.available && after.available;
  if (!result.available) return result;
  result.outstanding_held = held.after.acquired - held.after.released - base;
  result.outstanding_released = after.acquired - after.released - base;
  return result;
}

}  // namespace pinrig::agent
