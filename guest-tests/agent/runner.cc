// SPDX-License-Identifier: GPL-2.0
#include "runner.h"

#include <cstring>

#include "console/console.h"
#include "line_counters.h"
#include "request.h"
#include "sys.h"

namespace pinrig::agent {
namespace {

// Which mutants' places a test reached: kernels of `pinrig mutate` alone have it (kernels/mutate).
constexpr const char* reached_file = "/proc/pinrig_reached";
constexpr const char* mutant_file = "/sys/module/kernel/parameters/pinrig_mutant";

// The mutant that is on while the test runs, from its environment; empty: none.
std::string mutant_of(const wire::Run& run) {
  const auto found = run.env.find("PINRIG_MUTANT");
  return found == run.env.end() ? "" : found->second;
}

// With its mutant; one that cannot be turned on would look like one that no test notices.
Child spawn_with_mutant(const wire::Run& run, const RunPlan& plan) {
  const std::string mutant = mutant_of(run);
  const int error = mutant.empty() ? 0 : write_file(mutant_file, mutant);
  if (error == 0) return spawn(Program{run.argv, run.file, run.env, run.cwd, plan.body});
  Child child;
  child.error = error;
  child.problem = std::string(mutant_file) + " cannot be written";
  return child;
}

void take_down(Guest& guest, wire::TestEnd& end) {
  Stuck stuck = guest.processes.kill_all(guest.kill_limit_ms());
  if (stuck.count > 0) note(in_words(stuck));
  end.stuck = std::move(stuck.processes);
  end.stuck_count = stuck.count;
}

int left_behind(const Guest& guest, const RunPlan& plan) {
  if (guest.processes.childless()) return 0;
  return plan.leftovers == Leftovers::keep ? 1 : static_cast<int>(guest.processes.alive().size());
}

// Runs the child to its end and takes everything down after it.
void await_child(Guest& guest, const wire::Run& run, const RunPlan& plan, Running& running) {
  wire::TestEnd& end = running.end;
  if (running.child.pid < 0) {
    end.how = "not_run";
    end.code = running.child.error;
    end.problem = running.child.problem;
    take_down(guest, end);
    return;
  }
  Session session(std::move(running.child), run.output_limit, plan.sink, guest.processes, guest.ports);
  if (run.watch_cases && end.before.available)
    session.watch_cases([&guest] { return guest.ledger.balance(); });
  const Over over = session.wait(static_cast<double>(run.limit_ms) - (monotonic_ms() - running.start_ms));
  end.wall_s = (monotonic_ms() - running.start_ms) / 1e3;
  if (over == Over::ended) {
    end.how = session.ended().signaled ? "signaled" : "exited";
    end.code = session.ended().code;
    end.leftover = left_behind(guest, plan);
  } else {
    end.how = "timed_out";
    if (over == Over::host_gone) end.problem = "aborted at the host's request";
  }
  if (plan.leftovers == Leftovers::kill) take_down(guest, end);
  session.drain();
  end.dropped = session.budget().dropped();
  end.claim = session.claims().claim();
  end.bad_claim = session.claims().problem();
  running.case_pins = session.case_pins();
}

}  // namespace

Sink results_sink(Ports& ports, std::uint32_t test_id) {
  return [&ports, test_id](wire::Kind kind, std::string& frame) {
    const auto length = static_cast<std::uint32_t>(frame.size() - wire::header_size);
    const std::string header = wire::encode_header(kind, test_id, length);
    std::memcpy(frame.data(), header.data(), wire::header_size);
    ports.raw_result(frame);
  };
}

Running start_test(Guest& guest, const wire::Run& run, const RunPlan& plan) {
  Running running;
  running.end.id = run.id;
  if (run.id != 0) {  // not the negative control: it is part of the boot, and debugfs is mounted after it
    // Another test's WARN_ONCE must not keep this one from warning.
    const Watch::Once once = guest.watch.arm_once();
    running.end.once_armed = once == Watch::Once::armed;
    running.end.once_absent = once == Watch::Once::absent;
    guest.watch.show_all();
    guest.watch.set_limit(run.limit_ms);
    write_file(reached_file, "0");
    reset_line_counters();
  }
  running.end.before = guest.ledger.before(plan.extent);
  if (guest.ports && run.id != 0) {
    wire::TestBegin begin;
    begin.id = run.id;
    begin.name = run.name;
    guest.ports->result(wire::Kind::json, run.id, dump(begin));
  }
  kmsg(console::begin_mark, run.name);
  running.start_ms = monotonic_ms();
  running.child = spawn_with_mutant(run, plan);
  return running;
}

wire::TestEnd finish_test(Guest& guest, const wire::Run& run, const RunPlan& plan, Running running) {
  await_child(guest, run, plan, running);
  wire::TestEnd& end = running.end;
  const std::int64_t target = end.before.acquired - end.before.released + plan.held;
  // A skew is a capability of the kernel, and one that has none still returns to where it was.
  end.after = guest.ledger.after({target, target - 2 * end.claim.skew_sections}, plan.extent);
  if (end.after.available) end.left = running.case_pins.left(end.after.acquired - end.after.released);
  // After the wait: kernel messages of workers during cleanup also belong to the test.
  kmsg(console::end_mark, run.name);
  if (run.id != 0) end.reached = read_attribute(reached_file);
  if (guest.ports && run.id != 0) send_line_counters(*guest.ports, run.id);
  if (!mutant_of(run).empty()) write_file(mutant_file, "0");
  return std::move(end);
}

wire::TestEnd run_test(Guest& guest, const wire::Run& run, const RunPlan& plan) {
  return finish_test(guest, run, plan, start_test(guest, run, plan));
}

}  // namespace pinrig::agent
