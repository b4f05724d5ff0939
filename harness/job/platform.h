// SPDX-License-Identifier: GPL-2.0
// What all guests of one architecture share.
#pragma once

#include "image/guest_image.h"
#include "job/services.h"
#include "vm/accel.h"

namespace pinrig::job {

struct Platform {
  fs::path sysroot;
  fs::path initramfs;  ///< agent and our tests
  fs::path shell;      ///< additional files of an interactive guest
  vm::Probe probe;
  model::Accel accel = model::Accel::tcg;  ///< decided
};

/// Sysroot, guest programs, initramfs and accelerator of `arch`. With Accel::kvm a host without a working KVM
/// is an Error (infra) with the probe's detail; with automatic, the fallback to TCG is reported on a line of
/// its own.
Result<Platform> prepare_platform(model::Arch arch, model::Accel wanted, const Services& services);

/// The drives of `machine` that have a file system, as files made on the host ("serial:nsid" -> path).
Result<std::map<std::string, fs::path>> prepare_drives(const model::Machine& machine,
                                                       const Services& services);

}  // namespace pinrig::job
