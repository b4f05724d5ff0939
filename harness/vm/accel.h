// SPDX-License-Identifier: GPL-2.0
// Which accelerator is usable, and how slow this host is.
#pragma once

#include <cstdint>

#include "base/cancel.h"
#include "base/file.h"
#include "base/result.h"
#include "model/job.h"

namespace pinrig::vm {

struct Probe {
  bool kvm_works = false;
  std::string kvm_detail;  ///< "no /dev/kvm", "opens, but the guest died: KVM internal error"
  double tcg_s = 0;        ///< wall of the calibration guest under TCG, seconds
  double kvm_s = 0;        ///< same under KVM, 0 = not run
  bool sandbox = false;    ///< this QEMU has a system call filter (-sandbox)
  std::int64_t tsc_khz =
      0;  ///< rate of the host's time stamp counter, 0 = unknown or no clock (vm/host_tsc.h)
  std::string qemu_version;   ///< "7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)"
  std::int64_t measured = 0;  ///< seconds of the Unix epoch
  bool from_cache = false;    ///< answered from the cache
  /// Factor for Timeouts: calibration time over that of the reference machine, at least 1.
  double scale(model::Accel accel) const;
  /// Whether to measure again: after an hour; after two minutes when the host seemed half as slow
  /// again as the reference, since it may only have been busy; or when the clock went back.
  bool outdated(std::int64_t now) const;
};

/// Boots a guest of a few hundred bytes (guest-tests/probe, built on first use) that runs 64-bit code, the
/// instructions real kernels need (cmpxchg16b on x86-64) and a fixed amount of work, and times it. KVM is
/// tried only when guest and host architecture agree. The answer is cached per host, boot, user, QEMU and
/// answer of open(2) for /dev/kvm, until it is outdated().
Result<Probe> probe_accel(model::Arch arch, const fs::path& project, const fs::path& cache,
                          const CancelToken& cancel);

}  // namespace pinrig::vm
