// SPDX-License-Identifier: GPL-2.0
// The calibration guest: built once, run with a time limit. Private to the module.
#pragma once

#include "base/cancel.h"
#include "base/file.h"
#include "base/result.h"
#include "model/job.h"

namespace pinrig::vm {

/// Assembles guest-tests/probe for `arch` into `dir` unless it exists, keyed by its source.
Result<fs::path> build_probe(model::Arch arch, const fs::path& project, const fs::path& dir,
                             const CancelToken& cancel);

/// argv of one run.
std::vector<std::string> probe_args(model::Arch arch, model::Accel accel, const fs::path& guest);

struct ProbeRun {
  bool worked = false;
  double wall_s = 0;
  std::string detail;  ///< why it did not work, one line
};

/// Runs the guest once. An Error only when QEMU cannot be started or the user interrupts.
Result<ProbeRun> run_probe(model::Arch arch, model::Accel accel, const fs::path& guest, double limit_s,
                           const CancelToken& cancel);

/// QEMU's version: "7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)".
Result<std::string> qemu_version(model::Arch arch, const CancelToken& cancel);

/// Whether this QEMU was built with a system call filter.
Result<bool> has_sandbox(model::Arch arch, const CancelToken& cancel);

/// Why /dev/kvm is not usable before any guest; empty when a VM can be created.
std::string kvm_device_problem(const fs::path& device);

}  // namespace pinrig::vm
