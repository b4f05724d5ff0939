// SPDX-License-Identifier: GPL-2.0
// What runs in a guest and on which machine.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/kernel.h"

namespace pinrig::model {

/// How a test's output is read.
enum class OutputFormat {
  ktap,       ///< KTAP or TAP 13/14 on stdout
  exit_code,  ///< kselftest exit codes: 0 pass, 1 fail, 2 xfail, 3 xpass, 4 skip
  gup_test,   ///< free text of tools/testing/selftests/mm/gup_test.c: times and "truncated"
};
const char* to_string(OutputFormat f);

/// Devices that a machine has only when a test asks for them; each costs probe time.
enum class Device {
  zoned,      ///< NVMe namespace in zones, serial pin-zoned
  cmb,        ///< NVMe controller with 64 MiB of memory of its own, serial pin-cmb
  meta,       ///< NVMe namespace with 8 bytes of metadata a block, serial pin-meta
  p9,         ///< virtio-9p share of an empty folder, mount tag pinshare
  scsi,       ///< disk on virtio-scsi, serial pin-scsi
  iommu,      ///< emulated IOMMU, and an e1000e behind it
  kvm,        ///< processors that can run guests of their own: /dev/kvm
  removable,  ///< NVMe controller that a test can have taken out, serial pin-gone
};
const char* to_string(Device d);
std::optional<Device> device_from_string(const std::string&);
/// All of them, in the order above.
const std::vector<Device>& all_devices();

/// What a test needs of the machine and the kernel; the harness builds the guest from it.
struct Needs {
  std::vector<std::string> nvme;  ///< serials of NVMe drives
  std::string fs;                 ///< working directory on this file system ("ext4"); empty = any
  int fs_mib = 0;                 ///< size of its drive; 0 = what the machine has
  int hugepages_2m = 0;           ///< huge pages of the default size to reserve
  int swap_mib = 0;
  bool rdma = false;                 ///< an rxe link
  std::vector<std::string> symbols;  ///< configuration symbols, without CONFIG_
  std::vector<Device> devices;
  std::vector<std::string> kernel_args;  ///< boot parameters, one word each
  int memory_mib = 0;                    ///< 0 = what the machine has
  int cpus = 0;                          ///< 0 = what the machine has
  int numa_nodes = 0;                    ///< 0 = as many as come
  std::vector<std::string> tools;        ///< programs found in the guest's PATH
};

/// The known-bad kernel or injected fault on which a test turns red.
struct Proof {
  std::string mutant;                      ///< kernels/mutants/NAME
  std::string base;                        ///< another base instead of a mutant
  std::map<std::string, std::string> env;  ///< beside or instead of them: a fault by environment
  std::vector<std::string> red;  ///< globs over cases that must not pass; empty = the test itself must not
  Where where;

  bool empty() const { return mutant.empty() && base.empty() && env.empty(); }
};
std::string to_string(const Proof& proof);  ///< "mutant m02-bio-put-refs", "debian-6.1 with A=1"

/// One test of a suite (guest-tests/SUITE/suite.yaml).
struct TestSpec {
  std::string name;     ///< "suite/test"
  std::string program;  ///< "pin/dio_rw": file below /tests in the guest; "kernel:cow": the kernel tree's own
  std::vector<std::string> args;
  std::map<std::string, std::string> env;
  OutputFormat format = OutputFormat::ktap;
  double limit_s = 30;     ///< on the calibration machine; scaled by Timeouts
  std::string limit_plus;  ///< variable of `env` with seconds that are added to the limit; empty = none
  Needs needs;
  PinClaim::Mode claim = PinClaim::Mode::net_zero;  ///< least claim; a test may claim more at run time
  bool destructive = false;
  bool known_long = false;        ///< runs when it is named, not when a glob covers it
  std::string what;               ///< one line: the behaviour guarded
  std::vector<std::string> rows;  ///< rows of guest-tests/map.yaml that it covers
  Proof proof;
  Where where;

  bool from_kernel() const { return program.rfind("kernel:", 0) == 0; }
  std::string kernel_binary() const { return program.substr(7); }
};

struct Suite {
  std::string name;
  std::string title;
  std::vector<TestSpec> tests;
};

/// One NVMe namespace.
struct NvmeDrive {
  std::string serial;  ///< of the controller; how the guest finds it
  int nsid = 1;        ///< namespaces of one serial share a controller
  int size_mib = 64;
  int iops = 0;            ///< throttling.iops-total; delays before the data moves (0 = unlimited)
  std::string fs;          ///< "ext4": made on the host before the boot; empty = raw, zero-filled
  int zone_mib = 0;        ///< size of its zones; 0 = not zoned
  int cmb_mib = 0;         ///< memory of its controller that the guest may map
  int metadata_bytes = 0;  ///< beside each block, in a buffer of its own
  bool removable = false;  ///< its controller sits in a slot of its own and can be unplugged
};

/// An emulated machine (configs/machines/NAME.yaml).
struct Machine {
  std::string name;
  int cpus = 2;
  int memory_mib = 2048;
  int numa_nodes = 1;
  std::vector<NvmeDrive> nvme;
  bool net = true;       ///< virtio-net without a way out, for rxe
  int hugepages_2m = 0;  ///< reserved by the agent before the first test
  int swap_mib = 0;
  std::vector<std::string> kernel_args;  ///< appended to the command line
  std::vector<Device> devices;           ///< that its tests need; their NVMe drives are in `nvme` too
};

enum class Accel { automatic, kvm, tcg };
const char* to_string(Accel a);  ///< "auto", "kvm", "tcg"

/// What a run puts into the environment of one test.
struct TestEnv {
  std::string test;  ///< "suite/test"
  std::map<std::string, std::string> env;
  Where where;
};

/// configs/runs/NAME.yaml: what one `pinrig run` does.
struct RunSpec {
  std::string name;
  std::string base;                 ///< KernelBase, when there is no series
  std::string series;               ///< empty: the base alone
  std::vector<std::string> points;  ///< "base", "tip", "each" or numbers
  std::vector<Arch> archs;
  std::vector<std::string> fragments;  ///< names below configs/fragments, without .config
  std::string machine;
  std::vector<std::string> suites;  ///< "suite" or "suite/test" globs; with '!' before them: not these
  std::string selftests_from;       ///< KernelBase whose selftests are used instead of the tree's own
  Accel accel = Accel::automatic;
  std::vector<Expectation> expect;  ///< beside those of the series
  std::vector<TestEnv> env;         ///< for single tests, beside the suite's
  Where where;
};

}  // namespace pinrig::model
