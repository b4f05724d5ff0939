// SPDX-License-Identifier: GPL-2.0
// CPUs that a test has held in places of the kernel.
#include <fmt/format.h>

#include "base/text.h"
#include "vm/guest_impl.h"

namespace pinrig::vm {
namespace {

/// How long QEMU may take to stop its guest, change a breakpoint and resume it.
constexpr double change_limit_s = 10;
/// Of one request; tests name two or three.
constexpr std::size_t most_places = 16;

}  // namespace

Result<std::string> Guest::Impl::settle_holds(Deadline deadline) {
  const double limit_s = job.timeouts.scaled(change_limit_s);
  deadline = Deadline::earlier(deadline, Deadline::after(Seconds(limit_s)));
  while (!holds->settled()) {
    if (qmp.over()) return std::string("the guest is ending");
    PINRIG_TRY(wake, wait(deadline));
    if (wake == Wake::deadline)
      return fmt::format("QEMU's gdbstub did not answer within {}", human_seconds(limit_s));
    if (wake != Wake::activity) return std::string("the guest is ending");
  }
  return holds->problem();
}

Result<void> Guest::Impl::await_held(const wire::HostAction& action, wire::HostActionDone& done,
                                     Deadline deadline) {
  const double limit_s = job.timeouts.scaled(action.limit_ms / 1e3);
  deadline = Deadline::earlier(deadline, Deadline::after(Seconds(limit_s)));
  for (;;) {
    done.problem = qmp.over() ? "the guest is ending" : holds->problem();
    if (done.problem.empty()) done.problem = holds->hopeless(action.places);
    if (!done.problem.empty()) return {};
    done.answer = holds->reached(action.places);
    if (!done.answer.empty() && holds->settled()) return {};
    PINRIG_TRY(wake, wait(deadline));
    if (wake == Wake::activity) continue;
    done.answer.clear();
    done.problem = "the guest is ending";
    if (wake == Wake::deadline) {
      done.problem =
          fmt::format("no CPU reached {:.120} within {}", join(action.places, ", "), human_seconds(limit_s));
      holds->locate();
      PINRIG_TRY(unknown, settle_holds(Deadline::never()));
      if (unknown.empty()) done.problem += ": " + holds->whereabouts();
    }
    return {};
  }
}

Result<void> Guest::Impl::carry_out_hold(const wire::HostAction& action, wire::HostActionDone& done,
                                         Deadline deadline) {
  if (!holds) {
    done.problem = "the machine cannot hold CPUs (needs: {cpus: 3})";
    return {};
  }
  if (action.places.empty()) {
    done.problem = "no place is given";
    return {};
  }
  // Each may be looked up by gdb, which takes seconds.
  if (action.places.size() > most_places) {
    done.problem =
        fmt::format("{} places in one request; at most {} can be held", action.places.size(), most_places);
    return {};
  }
  if (action.cpu < HeldCpus::any_cpu) {
    done.problem = fmt::format("CPU {} does not exist", action.cpu);
    return {};
  }
  if (action.action == wire::HostActionKind::await_held) return await_held(action, done, deadline);
  const auto answer = action.action == wire::HostActionKind::hold
                          ? holds->hold(action.places, action.cpu, deadline)
                          : holds->release(action.places);
  done.answer = join(answer.armed, " ");
  done.problem = answer.problem;
  done.lacking = answer.lacking;
  if (!done.problem.empty()) return {};
  PINRIG_TRY(problem, settle_holds(deadline));
  done.problem = std::move(problem);
  return {};
}

}  // namespace pinrig::vm
