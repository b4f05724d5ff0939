// SPDX-License-Identifier: GPL-2.0
// The resources of the machine that this process may use: its CPU affinity and the limits of its control
// groups.
#pragma once

#include <cstdint>
#include <string>

#include "base/file.h"

namespace pinrig {

struct Capacity {
  int cpus = 1;              ///< at least 1
  std::uint64_t memory = 0;  ///< bytes that can be used now; 0 = not known
  std::string cpus_from;     ///< what sets the number: "affinity" or the file of the control group
  std::string memory_from;   ///< "MemAvailable" or the file of the control group
};

/// CPUs: the smaller of sched_getaffinity(2) and the CPU quotas of this process' control groups and their
/// parents, rounded down (v2: cpu.max; v1: cpu.cfs_quota_us / cpu.cfs_period_us; Linux
/// Documentation/admin-guide/cgroup-v2.rst, Documentation/scheduler/sched-bwc.rst). Memory: the smaller of
/// MemAvailable and the unused part of their memory limits, with inactive page cache counted as free (v2:
/// memory.max and memory.high; v1: memory.limit_in_bytes). `root` contains proc/ and the control group
/// mounts; tests use their own. A file that cannot be read sets no limit.
Capacity capacity(const fs::path& root = "/");

/// capacity().cpus, for -j and the like.
int usable_cpus();

}  // namespace pinrig
