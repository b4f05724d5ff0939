// SPDX-License-Identifier: GPL-2.0
// How fast the time stamp counter of this host ticks. Under TCG on x86-64 the guest's TSC is the host's
// (QEMU, cpu_get_host_ticks()), so guests need not measure it again.
#pragma once

#include <cstdint>

namespace pinrig::vm {

/// Measures between its construction and khz().
class TscWatch {
 public:
  TscWatch();
  /// Ticks per millisecond since the construction; the longer ago, the better (0.5 s: some ppm). 0 where the
  /// counter is no clock: not x86-64, or without constant_tsc and nonstop_tsc in /proc/cpuinfo.
  std::int64_t khz() const;

 private:
  bool usable_ = false;
  std::uint64_t ticks_ = 0;
  std::int64_t ns_ = 0;
};

/// Ticks per millisecond of a counter that made `ticks` in `took_ns` nanoseconds; 0 when no time has passed.
std::int64_t khz_of(std::uint64_t ticks, std::int64_t took_ns);

/// The kernel parameter lpj= of a guest whose TSC ticks `tsc_khz` times a millisecond and whose kernel has
/// CONFIG_HZ=`hz`: loops of delay_tsc() per jiffy (init/calibrate.c; arch/x86/kernel/tsc.c,
/// tsc_early_init()). 0 when either is unknown.
std::int64_t loops_per_jiffy(std::int64_t tsc_khz, int hz);

}  // namespace pinrig::vm
