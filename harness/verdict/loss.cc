// SPDX-License-Identifier: GPL-2.0
#include "verdict/loss.h"

#include <fmt/format.h>

#include "base/text.h"

namespace pinrig::verdict {
namespace {

using model::Loss;

Loss loss_of(const model::LossFacts& f) {
  if (f.wanted) return Loss::none;
  if (f.fatal_event || f.panic_event) return Loss::panicked;
  if (f.restarted && f.qemu_signal == 0) return Loss::panicked;
  if (!f.qemu_runs) return Loss::qemu_gone;
  if (!f.stopped.empty()) return Loss::qemu_gone;
  if (f.bad_messages) return Loss::output_lost;
  if (f.answer == 0) return Loss::kernel_hung;
  return f.in_test && f.printed > 0 ? Loss::test_hung : Loss::output_lost;
}

}  // namespace

LossJudgement judge_loss(const model::LossFacts& f) {
  LossJudgement out{loss_of(f), {}};
  if (out.loss == Loss::none) return out;
  auto& e = out.evidence;
  if (f.fatal_event) e.emplace_back("the console has the kernel's last report");
  if (f.panic_event) e.emplace_back("the kernel told QEMU of its panic");
  if (f.restarted && !f.fatal_event && !f.panic_event)
    e.emplace_back("the guest was reset, and nobody had asked for it");
  if (!f.qemu_runs) e.push_back(f.qemu.empty() ? "QEMU is gone" : f.qemu);
  if (!f.stopped.empty()) e.push_back("QEMU stopped the guest: " + f.stopped);
  if (f.bad_messages) e.emplace_back("what it sent on its control port is no message");
  if (f.asked)
    e.push_back(f.answer == 0 ? "the kernel does not answer sysrq"
                              : fmt::format("the kernel answers sysrq ({})", human_bytes(f.answer)));
  if (f.nmi > 0) e.push_back(fmt::format("an NMI made it print {}", human_bytes(f.nmi)));
  if (f.qemu_runs && f.printed == 0) e.emplace_back("its console was empty");
  e.insert(e.end(), f.cpus.begin(), f.cpus.end());
  return out;
}

}  // namespace pinrig::verdict
