// SPDX-License-Identifier: GPL-2.0
#include <algorithm>

#include "model/job.h"

namespace pinrig::model {

void Timeouts::booted_in(double uptime_s) {
  // A plain kernel needs 1.2 s (x86-64) and 0.6 s (aarch64) on the reference machine; in parallel with
  // another guest or a build about twice that.
  constexpr double plain_s = 1.5;
  // Beyond this a guest is not slow but stuck, as in vm/accel.cc.
  constexpr double most = 20;
  kernel = std::max(kernel, std::min(uptime_s / (plain_s * scale), most));
}

}  // namespace pinrig::model
