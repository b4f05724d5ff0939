// SPDX-License-Identifier: GPL-2.0
#include "hold.h"

#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <utility>

#include "sys.h"

namespace pinrig::agent {
namespace {

// 0 or an errno value. Pages that are private, written, resident and small: exactly `pages` pins.
int pin_buffer(int pages, const char** step, long* ring) {
  const auto size = static_cast<std::size_t>(pages) * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  *step = "mmap";
  void* buffer = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (buffer == MAP_FAILED) return errno;
  madvise(buffer, size, MADV_NOHUGEPAGE);
  std::memset(buffer, 0x5a, size);
  *step = "io_uring_setup";
  io_uring_params params{};
  *ring = syscall(__NR_io_uring_setup, 4, &params);
  if (*ring < 0) return errno;
  *step = "io_uring_register";
  const iovec vector{buffer, size};
  return syscall(__NR_io_uring_register, *ring, IORING_REGISTER_BUFFERS, &vector, 1) == 0 ? 0 : errno;
}

struct Report {
  int error;
  char step[32];
};

// Unpins the pages itself when it is asked to end: a ring closed by process exit is torn down by workers
// (io_ring_exit_work), which wait for RCU.
[[noreturn]] void holder(int pages, int report_fd) {
  sigset_t end;
  sigemptyset(&end);
  sigaddset(&end, SIGTERM);
  sigprocmask(SIG_BLOCK, &end, nullptr);
  const char* step = "";
  long ring = -1;
  Report report{};
  report.error = pin_buffer(pages, &step, &ring);
  std::strncpy(report.step, step, sizeof report.step - 1);
  if (write(report_fd, &report, sizeof report) != sizeof report || report.error != 0) _exit(1);
  sigwaitinfo(&end, nullptr);
  _exit(syscall(__NR_io_uring_register, ring, IORING_UNREGISTER_BUFFERS, nullptr, 0) == 0 ? 0 : 1);
}

// Leaves a process behind that holds the pages, and ends itself when that one has them.
int hold_main(int pages) {
  int fds[2];
  if (pipe(fds) != 0) return 2;
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

std::string trouble_with(const wire::TestEnd& end, const std::string& said) {
  if (end.how == "exited" && end.code == 0) {
    if (end.leftover != 0) return {};
    return "the process that held the pages is gone";
  }
  if (!end.problem.empty()) return end.problem;
  if (!said.empty()) return said;
  return "the control " + end.how + " " + std::to_string(end.code);
}

}  // namespace

Hold::Hold(Guest& guest, double slowness) : guest_(guest) {
  run_.name = "pinrig/hold_control";
  run_.argv = {run_.name};
  run_.limit_ms = static_cast<std::uint64_t>(wire::hold_limit_s * 1000 * slowness);
  plan_.leftovers = Leftovers::keep;
  plan_.held = wire::hold_pages;
  plan_.extent = Extent::pins;
  plan_.sink = [this](wire::Kind, std::string& frame) { said_ += frame.substr(wire::header_size); };
  // A fork, because under TCG starting a program takes longer than the rest of the control.
  plan_.body = [] { return hold_main(wire::hold_pages); };
}

void Hold::start() { running_ = start_test(guest_, run_, plan_); }

wire::HoldResult Hold::finish() {
  const wire::TestEnd held = finish_test(guest_, run_, plan_, *std::exchange(running_, std::nullopt));

  wire::HoldResult result;
  const std::int64_t base = held.before.acquired - held.before.released;
  const std::string stuck = in_words(guest_.processes.end_all(guest_.kill_limit_ms()));
  const wire::Sample after = guest_.ledger.after({base}, Extent::pins);
  result.problem = trouble_with(held, said_);
  if (result.problem.empty()) result.problem = stuck;
  if (result.problem.empty() && !after.settled && after.available)
    result.problem = "the pin counters did not settle";
  result.available = held.before.available && held.after.available && after.available;
  if (!result.available) return result;
  result.outstanding_held = held.after.acquired - held.after.released - base;
  result.outstanding_released = after.acquired - after.released - base;
  return result;
}

}  // namespace pinrig::agent
