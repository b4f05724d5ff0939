// SPDX-License-Identifier: GPL-2.0
#include "base/capacity.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <map>
#include <thread>

namespace pinrig {
namespace {

// A machine of files: what the kernel would show in proc/ and in the mounts of control groups.
class Machine {
 public:
  explicit Machine(const std::map<std::string, std::string>& files)
      : dir_(*TempDir::create(fs::temp_directory_path(), "capacity-")) {
    for (const auto& [name, text] : files) {
      EXPECT_TRUE(make_dirs((dir_.path() / name).parent_path()).has_value());
      EXPECT_TRUE(write_file_atomic(dir_.path() / name, text).has_value());
    }
  }
  Capacity capacity() const { return pinrig::capacity(dir_.path()); }
  std::string file(const std::string& name) const { return (dir_.path() / name).string(); }

 private:
  TempDir dir_;
};

const std::string v2_mount = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n";
const std::string v1_mounts =
    "33 32 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
    "34 32 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
const std::string meminfo = "MemTotal:       16777216 kB\nMemAvailable:    8388608 kB\n";
constexpr std::uint64_t mib = 1 << 20;

// Runs `body` in a thread that may use `cpus` of the CPUs this test may use.
template <typename Body>
void on_cpus(int cpus, Body body) {
  std::thread([&] {
    cpu_set_t all;
    ASSERT_EQ(::sched_getaffinity(0, sizeof all, &all), 0);
    cpu_set_t few;
    CPU_ZERO(&few);
    for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&few) < cpus; ++i) {
      if (CPU_ISSET(i, &all)) CPU_SET(i, &few);
    }
    ASSERT_EQ(::sched_setaffinity(0, sizeof few, &few), 0);
    body();
  }).join();
}

TEST(Capacity, TheAffinityOfTheProcessCounts) {
  const Machine m({{"proc/meminfo", meminfo}});
  on_cpus(1, [&] { EXPECT_EQ(m.capacity().cpus, 1); });
  EXPECT_EQ(m.capacity().cpus_from, "affinity");
}

TEST(Capacity, AvailableMemoryWithoutAnyLimit) {
  const Machine m({{"proc/meminfo", meminfo}});
  EXPECT_EQ(m.capacity().memory, 8192 * mib);
  EXPECT_EQ(m.capacity().memory_from, "MemAvailable");
}

TEST(Capacity, V2LimitOfAParentHoldsForItsChildren) {
  const Machine m({{"proc/meminfo", meminfo},
                   {"proc/self/cgroup", "0::/ci.slice/job-7\n"},
                   {"proc/self/mountinfo", v2_mount},
                   {"sys/fs/cgroup/ci.slice/cpu.max", "100000 100000\n"},
                   {"sys/fs/cgroup/ci.slice/memory.max", "2147483648\n"},
                   {"sys/fs/cgroup/ci.slice/memory.current", "1073741824\n"},
                   {"sys/fs/cgroup/ci.slice/memory.stat", "anon 1\ninactive_file 536870912\n"},
                   {"sys/fs/cgroup/ci.slice/job-7/cpu.max", "max 100000\n"},
                   {"sys/fs/cgroup/ci.slice/job-7/memory.max", "max\n"}});
  EXPECT_EQ(m.capacity().cpus, 1);
  EXPECT_EQ(m.capacity().memory, 1536 * mib) << "2 GiB less 1 GiB in use, of which 0.5 GiB is page cache";
  EXPECT_EQ(m.capacity().memory_from, m.file("sys/fs/cgroup/ci.slice/memory.max"));
}

TEST(Capacity, V2HighThrottlesAndCountsToo) {
  const Machine m({{"proc/meminfo", meminfo},
                   {"proc/self/cgroup", "0::/job\n"},
                   {"proc/self/mountinfo", v2_mount},
                   {"sys/fs/cgroup/job/memory.high", "1048576\n"}});
  EXPECT_EQ(m.capacity().memory, mib);
}

TEST(Capacity, AFractionOfACpuIsOne) {
  const Machine m({{"proc/self/cgroup", "0::/job\n"},
                   {"proc/self/mountinfo", v2_mount},
                   {"sys/fs/cgroup/job/cpu.max", "50000 100000\n"}});
  EXPECT_EQ(m.capacity().cpus, 1);
}

TEST(Capacity, V1Limits) {
  const Machine m({{"proc/meminfo", meminfo},
                   {"proc/self/cgroup", "4:memory:/slurm/job_9\n3:cpu,cpuacct:/slurm/job_9\n0::/\n"},
                   {"proc/self/mountinfo", v1_mounts + v2_mount},
                   {"sys/fs/cgroup/cpu,cpuacct/slurm/job_9/cpu.cfs_quota_us", "100000\n"},
                   {"sys/fs/cgroup/cpu,cpuacct/slurm/job_9/cpu.cfs_period_us", "100000\n"},
                   {"sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"},
                   {"sys/fs/cgroup/memory/slurm/memory.limit_in_bytes", "1073741824\n"},
                   {"sys/fs/cgroup/memory/slurm/memory.usage_in_bytes", "1048576\n"},
                   {"sys/fs/cgroup/memory/slurm/job_9/memory.limit_in_bytes", "9223372036854771712\n"}});
  EXPECT_EQ(m.capacity().cpus, 1);
  EXPECT_EQ(m.capacity().memory, 1023 * mib);
}

TEST(Capacity, V1WithoutAQuotaIsNoLimit) {
  const Machine m({{"proc/meminfo", meminfo},
                   {"proc/self/cgroup", "3:cpu,cpuacct:/\n"},
                   {"proc/self/mountinfo", v1_mounts},
                   {"sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n"},
                   {"sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n"}});
  EXPECT_EQ(m.capacity().cpus_from, "affinity");
}

TEST(Capacity, InAContainerTheMountShowsTheGroupItself) {
  const Machine m({{"proc/meminfo", meminfo},
                   {"proc/self/cgroup", "0::/docker/abc\n"},
                   {"proc/self/mountinfo", "30 23 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n"},
                   {"sys/fs/cgroup/memory.max", "1048576\n"}});
  EXPECT_EQ(m.capacity().memory, mib);
}

TEST(Capacity, APathOutsideOfTheNamespaceMeansTheTop) {
  const Machine m({{"proc/meminfo", meminfo},
                   {"proc/self/cgroup", "0::/../../job\n"},
                   {"proc/self/mountinfo", v2_mount},
                   {"sys/fs/cgroup/memory.max", "1048576\n"},
                   {"job/memory.max", "1\n"}});
  EXPECT_EQ(m.capacity().memory, mib);
}

TEST(Capacity, AnExhaustedLimitIsNotNoLimit) {
  const Machine m({{"proc/meminfo", meminfo},
                   {"proc/self/cgroup", "0::/job\n"},
                   {"proc/self/mountinfo", v2_mount},
                   {"sys/fs/cgroup/job/memory.max", "1048576\n"},
                   {"sys/fs/cgroup/job/memory.current", "1048576\n"}});
  EXPECT_EQ(m.capacity().memory, 1U) << "0 would say that nothing is known";
}

}  // namespace
}  // namespace pinrig
