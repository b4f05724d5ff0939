// SPDX-License-Identifier: GPL-2.0
// A job is one execution of a guest: everything needed to repeat it is in JobSpec, saved before the guest
// starts.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/dump.h"
#include "model/suite.h"

namespace pinrig::model {

/// Limits in seconds, for a plain kernel on the reference machine; multiplied by the factors measured on this
/// host.
struct Timeouts {
  double scale = 1;       ///< how much slower this host is: of the calibration guest
  double kernel = 1;      ///< how much slower this kernel is: by its debug options, or by its boot time
  double boot_s = 30;     ///< QEMU spawn to the agent's hello
  double setup_s = 30;    ///< mounts, huge pages, rxe
  double silence_s = 20;  ///< grace after a test's own limit before the guest counts as hung
  double shutdown_s = 10;
  double scaled(double seconds) const { return seconds * scale * kernel; }
  /// Takes into account the guest's clock when its agent started: a kernel that boots slower than a plain one
  /// is slower in everything else. Limits can only grow.
  void booted_in(double uptime_s);
};

/// What the .config of a kernel says about looking into its guests.
struct KernelTraits {
  bool pvpanic = false;     ///< it tells QEMU of a panic (CONFIG_PVPANIC_PCI)
  bool lockdep = false;     ///< it knows who holds which lock (CONFIG_LOCKDEP)
  bool debug_info = false;  ///< its vmlinux has DWARF (CONFIG_DEBUG_INFO)
};

/// What `repro.sh` hands to `pinrig rerun`. Paths are absolute and point into the cache.
struct JobSpec {
  std::string run_id;
  std::string guest_id;  ///< "tip-x86_64.2": for people, and the name of its folder
  Arch arch = Arch::x86_64;
  std::string kernel_image;            ///< what QEMU boots: stripped vmlinux (x86-64, PVH) or Image (aarch64)
  std::string vmlinux;                 ///< with symbols, for gdb
  std::vector<std::string> initramfs;  ///< cpio archives, concatenated in this order
  std::string shell;                   ///< an additional archive for interactive guests
  Machine machine;
  Accel accel = Accel::tcg;  ///< resolved: never automatic
  bool sandbox = false;      ///< QEMU runs under its system call filter, which not every QEMU has
  std::int64_t loops_per_jiffy =
      0;  ///< lpj= of an x86-64 guest under TCG; 0 = the kernel calibrates by itself
  KernelTraits traits;
  DumpOrder dump;  ///< not in job.json: a repetition asks for itself
  Timeouts timeouts;
  std::vector<TestSpec> tests;
  std::map<std::string, std::string> skips;  ///< tests that this kernel cannot run, and why
  /// Tests whose program the tree has and the compiler refuses, and why: skips that need leave.
  std::map<std::string, std::string> unbuilt;
  std::map<std::string, std::string> broken;  ///< tests whose program is missing for no known reason
};

/// JSON text of a machine with its drives and devices, as in a JobSpec.
std::string machine_to_json(const Machine& machine);

/// JSON text of a JobSpec and back; the error names the key that is missing or of a wrong type.
std::string job_to_json(const JobSpec& job);
Result<JobSpec> job_from_json(const std::string& text, const std::string& file);

}  // namespace pinrig::model
