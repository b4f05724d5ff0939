// SPDX-License-Identifier: GPL-2.0
// PID 1 of a pinrig guest: makes the guest usable, runs the tests that the host asks for, one at a time, and
// reads the pin counters around each. Reading order: main, runner, session, ledger, settle.
//
// It must never end: the kernel panics when it does, which the host takes for what it then is.
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <ctime>

#include "cmdline.h"
#include "hold.h"
#include "request.h"
#include "runner.h"
#include "setup.h"
#include "shell.h"
#include "sys.h"

namespace pinrig::agent {
namespace {

double boot_seconds() {
  timespec t{};
  clock_gettime(CLOCK_BOOTTIME, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

wire::Hello hello(Ledger& ledger, double uptime_s) {
  utsname name{};
  uname(&name);
  wire::Hello out;
  out.release = name.release;
  out.machine = name.machine;
  out.page_size = static_cast<int>(sysconf(_SC_PAGESIZE));
  out.cpus = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  out.counters = ledger.available();
  out.uptime_s = uptime_s;
  return out;
}

// Descriptors 0 to 2 lead nowhere: nothing that a library prints may go to a port by accident.
void close_standard_files() {
  const int null = open("/dev/null", O_RDWR);
  for (int fd = 0; fd <= 2; ++fd) {
    if (null != fd) dup2(null, fd);
  }
  if (null > 2) close(null);
}

// Ahead of whatever a test does with the processors, or its time limit would come late. Children start over.
void take_precedence() {
  const sched_param first{.sched_priority = 50};
  sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &first);
  write_file("/proc/self/oom_score_adj", "-1000");
}

wire::SetupDone do_setup(Guest& guest, Uevents& uevents, const wire::Setup& setup) {
  guest.settle_cap_ms = setup.settle_ms;
  guest.ledger.set_cap_ms(setup.settle_ms);
  wire::SetupDone done = carry_out(setup, uevents);
  for (const auto& problem : done.problems) note(problem);
  return done;
}

// False when the guest is to be switched off.
bool answer(Guest& guest, Hold& hold, Uevents& uevents, const Request& request) {
  Ports& ports = *guest.ports;
  if (const auto* bad = std::get_if<BadRequest>(&request)) {
    note("request not understood: " + bad->why);
    wire::Refusal refusal;
    refusal.why = bad->why;
    return ports.reply(dump(refusal));
  }
  if (const auto* setup = std::get_if<wire::Setup>(&request))
    return ports.reply(dump(do_setup(guest, uevents, *setup)));
  if (const auto* control = std::get_if<wire::HoldControl>(&request))
    return ports.reply(dump(hold.finish(*control)));
  if (const auto* run = std::get_if<wire::Run>(&request)) {
    hold.give_up();
    RunPlan plan;
    plan.sink = results_sink(ports, run->id);
    return ports.reply(dump(run_test(guest, *run, plan)));
  }
  // It answers what a test asked that is gone by now.
  return std::holds_alternative<wire::HostActionDone>(request);
}

void serve(Guest& guest, Hold& hold, Uevents& uevents) {
  Ports& ports = *guest.ports;
  for (;;) {
    while (const auto payload = ports.next_request()) {
      if (!answer(guest, hold, uevents, parse_request(*payload))) return;
    }
    if (ports.wants_end()) {
      note("the host sent something that is no frame");
      wire::Refusal refusal;
      refusal.why = "bytes that are no frame";
      ports.reply(dump(refusal));
      return;
    }
    // How the control ended is for finish() to find out.
    pollfd fds[2] = {{ports.control_fd(), POLLIN, 0},
                     {hold.running() ? -1 : guest.processes.signal_fd(), POLLIN, 0}};
    poll(fds, 2, -1);
    if (fds[1].revents != 0) guest.processes.reap(0);
    if ((fds[0].revents & POLLIN) != 0 ? !ports.receive() : (fds[0].revents & POLLHUP) != 0) {
      note("the host is gone");
      return;
    }
  }
}

[[noreturn]] void agent_main(double uptime_s) {
  open_kmsg();
  note("starts");
  Uevents uevents;
  mount_basics();
  close_standard_files();
  unlimit_kmsg();
  for (const auto& problem : bring_up_processors()) note(problem);
  take_precedence();
  Guest guest;
  const CommandLine line = parse_command_line(read_file("/proc/cmdline"));
  if (line.shell) {
    mount_rest();
    wire::SetupDone done = do_setup(guest, uevents, line.setup);
    done.problems.insert(done.problems.end(), line.problems.begin(), line.problems.end());
    run_shell(guest.processes, done);
    power_off();
  }
  Hold hold(guest);
  hold.start(wire::HoldControl{}.pages);
  auto ports = Ports::open(uevents, uptime_s);
  if (!ports) {
    note("has no virtio-serial ports named pinrig.control and pinrig.results; switches off");
    power_off();
  }
  guest.ports = &*ports;
  const bool host_there = ports->reply(dump(hello(guest.ledger, uptime_s)));
  // While the host reads it.
  mount_rest();
  if (host_there) serve(guest, hold, uevents);
  power_off();
}

}  // namespace
}  // namespace pinrig::agent

int main() {
  const double uptime_s = pinrig::agent::boot_seconds();
  if (getpid() != 1) return 2;
  pinrig::agent::agent_main(uptime_s);
}
