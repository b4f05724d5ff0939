// SPDX-License-Identifier: GPL-2.0
// Which of the ways to lose a guest it was. Pure.
//
//   the console has a fatal report, or a reset nobody asked for    panicked
//   QEMU is gone: a signal, or an exit without a reset             qemu_gone
//   QEMU stopped the guest                                         qemu_gone
//   what the guest sends is no message                             output_lost
//   the kernel answers a sysrq; its console was empty before       output_lost
//                               a test runs                        test_hung
//                               none runs                          output_lost: the agent does not speak
//   the kernel does not answer                                     kernel_hung
#pragma once

#include <string>
#include <vector>

#include "model/loss.h"

namespace pinrig::verdict {

struct LossJudgement {
  model::Loss loss = model::Loss::none;
  std::vector<std::string> evidence;  ///< one line each, what speaks for it
};

LossJudgement judge_loss(const model::LossFacts& facts);

}  // namespace pinrig::verdict
