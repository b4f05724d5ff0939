// SPDX-License-Identifier: GPL-2.0
// PID 1 of a pinrig guest: makes the guest usable, runs the tests that the host requests, one at a time, and
// reads the pin counters around each. Reading order: main, runner, session, ledger, settle.
//
// It must never exit: the kernel would panic, which the host reports as such.
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "cmdline.h"
#include "hold.h"
#include "request.h"
#include "runner.h"
#include "setup.h"
#include "shell.h"
#include "sys.h"
#include "sysrq.h"

namespace pinrig::agent {
namespace {

int online_processors() {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;
}

wire::Hello hello(Ledger& ledger, double uptime_s, std::vector<std::string> problems) {
  utsname name{};
  uname(&name);
  wire::Hello out;
  out.release = name.release;
  out.machine = name.machine;
  out.page_size = static_cast<int>(sysconf(_SC_PAGESIZE));
  out.cpus = online_processors();
  out.counters = ledger.available();
  out.uptime_s = uptime_s;
  out.problems = std::move(problems);
  return out;
}

// Descriptors 0 to 2 lead nowhere: nothing that a library prints may go to a port by accident. The kernel has
// opened them (images/initramfs.manifest, /dev/console), unless it could not.
void complete_standard_files() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (fcntl(fd, F_GETFD) < 0) open("/dev/null", O_RDWR | O_CLOEXEC);
  }
}

// Ahead of whatever a test does with the CPUs, or its time limit would come late. Children start over.
void take_precedence() {
  const sched_param first{.sched_priority = 50};
  sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &first);
  write_file("/proc/self/oom_score_adj", "-1000");
}

wire::SetupDone do_setup(Uevents& uevents, const wire::Setup& setup) {
  wire::SetupDone done = carry_out(setup, uevents);
  for (const auto& problem : done.problems) note(problem);
  return done;
}

// What the kernel command line asks for.
wire::SetupDone do_setup(Uevents& uevents, const CommandLine& line) {
  wire::SetupDone done = do_setup(uevents, line.setup);
  done.problems.insert(done.problems.end(), line.problems.begin(), line.problems.end());
  return done;
}

// False when the guest must power off.
bool answer(Guest& guest, Uevents& uevents, const Request& request) {
  Ports& ports = *guest.ports;
  if (const auto* bad = std::get_if<BadRequest>(&request)) {
    note("request not understood: " + bad->why);
    wire::Refusal refusal;
    refusal.why = bad->why;
    return ports.reply(dump(refusal));
  }
  if (const auto* setup = std::get_if<wire::Setup>(&request))
    return ports.reply(dump(do_setup(uevents, *setup)));
  if (const auto* run = std::get_if<wire::Run>(&request)) {
    listen_for_sysrq();
    guest.ledger.set_cap_ms(run->settle_ms);
    RunPlan plan;
    plan.sink = results_sink(ports, run->id);
    return ports.reply(dump(run_test(guest, *run, plan)));
  }
  // It answers a request of a test that has already ended.
  return std::holds_alternative<wire::HostActionDone>(request);
}

void serve(Guest& guest, Uevents& uevents) {
  Ports& ports = *guest.ports;
  for (;;) {
    while (const auto payload = ports.next_request()) {
      if (!answer(guest, uevents, parse_request(*payload))) return;
    }
    if (ports.wants_end()) {
      note("invalid frame from the host");
      wire::Refusal refusal;
      refusal.why = "invalid frame";
      ports.reply(dump(refusal));
      return;
    }
    pollfd fds[2] = {{ports.control_fd(), POLLIN, 0}, {guest.processes.signal_fd(), POLLIN, 0}};
    poll(fds, 2, -1);
    if (fds[1].revents != 0) guest.processes.reap(0);
    if ((fds[0].revents & POLLIN) != 0 ? !ports.receive() : (fds[0].revents & POLLHUP) != 0) {
      note("the host is gone");
      return;
    }
  }
}

[[noreturn]] void be_a_shell(Uevents& uevents, const CommandLine& line) {
  Processes processes;
  mount_rest();
  run_shell(processes, do_setup(uevents, line), line.rows, line.columns);
  power_off();
}

[[noreturn]] void be_a_guest(Uevents& uevents, const CommandLine& line, double uptime_s) {
  // The limits are made for a guest that boots within a second.
  const double slowness = std::max(1.0, uptime_s);
  Guest guest;
  guest.ledger.set_cap_ms(guest.ledger.cap_ms() * slowness);
  Hold hold(guest, slowness);
  hold.start();
  auto ports = Ports::open(uevents, uptime_s);
  if (!ports) {
    note("has no virtio-serial ports named pinrig.control and pinrig.results; powering off");
    power_off();
  }
  guest.ports = &*ports;
  // Now that the pages are taken: the balance stands still while the guest is got ready.
  hold.look();
  wire::SetupDone done = do_setup(uevents, line);
  const bool host_there = ports->reply(dump(hello(guest.ledger, uptime_s, std::move(done.problems))));
  mount_rest();
  if (host_there && ports->reply(dump(hold.finish()))) serve(guest, uevents);
  power_off();
}

[[noreturn]] void agent_main(double uptime_s) {
  complete_standard_files();
  open_kmsg();
  note("starts");
  mount_basics();
  for (const auto& problem : bring_up_cpus()) note(problem);
  take_precedence();
  const CommandLine line = parse_command_line(read_file("/proc/cmdline"));
  Uevents uevents;
  if (line.shell) be_a_shell(uevents, line);
  be_a_guest(uevents, line, uptime_s);
}

}  // namespace
}  // namespace pinrig::agent

int main() {
  const double uptime_s = pinrig::agent::uptime_ms() / 1e3;
  if (getpid() != 1) return 2;
  pinrig::agent::agent_main(uptime_s);
}
