// SPDX-License-Identifier: GPL-2.0
// `pinrig doctor`: is everything installed that a run needs, and if not, what to do?
#pragma once

#include <string>
#include <vector>

#include "job/services.h"

namespace pinrig::doctor {

using job::Services;

struct Finding {
  enum class Level { ok, note, problem };  ///< note: slower or limited; problem: a run will fail
  Level level = Level::ok;
  std::string name;    ///< "qemu-system-x86_64", "disk (cache)", "kvm x86_64"
  std::string detail;  ///< version, free space, how the probe guest ended
  std::string remedy;  ///< command or advice; empty when ok
};
const char* to_string(Finding::Level level);

/// Checks tools and their versions, free disk, memory, the accelerators (by booting a tiny guest and timing
/// it), cross compilers, kernel sources and sysroots. The only error is cancellation.
Result<std::vector<Finding>> diagnose(const Services& services);

}  // namespace pinrig::doctor
