// SPDX-License-Identifier: GPL-2.0
// The table of injected faults. A row is executed: its function injects the fault and asserts what the row
// says must be reported and what must survive. docs/faults.md is about the table as a whole.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/file.h"

namespace pinrig::faults {

struct Fault {
  std::string name;      ///< letters, digits and '_': for --gtest_filter
  std::string injected;  ///< what is done to pinrig
  std::string reported;  ///< what it must say
  std::string survives;  ///< what must be as before, or whole
  /// Injects and asserts, with the assertions of GoogleTest; `dir` is an empty directory of its own.
  std::function<void(const fs::path& dir)> run;
};
using Faults = std::vector<Fault>;

/// Rows by class, in the order of the table.
Faults results_faults();   ///< bytes of a hostile guest on its results port
Faults control_faults();   ///< messages and floods of a hostile guest
Faults output_faults();    ///< what tests and kernels print, up to the reports
Faults qemu_faults();      ///< QEMU killed or stopped in each phase
Faults disk_faults();      ///< ENOSPC, EIO, a kill and a power cut at each write
Faults artifact_faults();  ///< files that are not what was written
Faults lock_faults();      ///< processes that race for the same thing
Faults host_faults();      ///< no process, no descriptor, no memory, another clock

}  // namespace pinrig::faults
