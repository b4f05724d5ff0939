// SPDX-License-Identifier: GPL-2.0
// What a test has the host do to its guest while it runs.
#include <fmt/format.h>

#include "base/text.h"
#include "vm/guest_impl.h"
#include "vm/qemu_args.h"

namespace pinrig::vm {
namespace {

std::string no_such_device(const model::Machine& machine, const std::string& serial) {
  std::vector<std::string> known;
  for (const auto& drive : machine.nvme) {
    if (drive.removable) known.push_back(drive.serial);
  }
  return fmt::format("the machine has no removable device '{:.40}'{}", serial,
                     known.empty() ? "" : " (it has " + join(known, ", ") + ")");
}

}  // namespace

Result<void> Guest::Impl::carry_out(const wire::HostAction& action, Deadline deadline) {
  wire::HostActionDone done;
  done.id = action.id;
  switch (action.action) {
    case wire::HostActionKind::unplug: {
      PINRIG_TRY(problem, unplug(action.device, deadline));
      done.problem = std::move(problem);
      break;
    }
    case wire::HostActionKind::hold:
    case wire::HostActionKind::await_held:
    case wire::HostActionKind::release:
      PINRIG_CHECK(carry_out_hold(action, done, deadline));
      break;
    case wire::HostActionKind::unknown:
      done.problem = "the host knows no such action";
  }
  send(nlohmann::json(done).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  return {};
}

Result<std::string> Guest::Impl::unplug(const std::string& serial, Deadline deadline) {
  const auto device = removable_id(job.machine, serial);
  if (!device) return no_such_device(job.machine, serial);
  // The guest's driver must be done first, also while it sets the device up.
  const double limit_s = job.timeouts.scaled(job.timeouts.setup_s);
  deadline = Deadline::earlier(deadline, Deadline::after(Seconds(limit_s)));
  qmp.send_device_del(*device);
  qmp_channel.send(qmp.take_output());
  for (;;) {
    if (const auto said = qmp.removal(*device)) return *said;
    if (qmp.over()) return std::string("the guest is ending");
    if (stopped_by_qemu()) return std::string("QEMU has stopped the guest");
    PINRIG_TRY(wake, wait(deadline));
    if (wake == Wake::deadline)
      return fmt::format("QEMU did not release {} within {}", serial, human_seconds(limit_s));
    // Cancellation and QEMU's exit are there to be found by whoever waits for the test.
    if (wake != Wake::activity) return std::string("the guest is ending");
  }
}

}  // namespace pinrig::vm
