// SPDX-License-Identifier: GPL-2.0
// Emulated machines: what a guest runs on.
#pragma once

#include <string>
#include <vector>

namespace pinrig::model {

/// Devices that a machine has only if a test needs them; each costs probe time.
enum class Device {
  zoned,      ///< zoned NVMe namespace, serial pin-zoned
  cmb,        ///< NVMe controller with 64 MiB of memory of its own, serial pin-cmb
  meta,       ///< NVMe namespace with 8 bytes of metadata per block, serial pin-meta
  p9,         ///< virtio-9p share of an empty folder, mount tag pinshare
  scsi,       ///< disk on virtio-scsi, serial pin-scsi
  iommu,      ///< emulated IOMMU, and an e1000e behind it
  kvm,        ///< CPUs that can run nested guests: /dev/kvm
  removable,  ///< NVMe controller that a test can have unplugged, serial pin-gone
};
const char* to_string(Device d);
/// All of them, in the order above.
const std::vector<Device>& all_devices();

/// One NVMe namespace.
struct NvmeDrive {
  std::string serial;  ///< of the controller; how the guest finds it
  int nsid = 1;        ///< namespaces of one serial share a controller
  int size_mib = 64;
  int iops = 0;            ///< throttling.iops-total; delays before the data moves (0 = unlimited)
  std::string fs;          ///< "ext4": made on the host before the boot; empty = raw, zero-filled
  int zone_mib = 0;        ///< size of its zones; 0 = not zoned
  int cmb_mib = 0;         ///< memory of its controller that the guest may map
  int metadata_bytes = 0;  ///< per block, in a separate buffer
  bool removable = false;  ///< its controller has a slot of its own and can be unplugged
};

/// An emulated machine (configs/machines/NAME.yaml).
struct Machine {
  std::string name;
  int cpus = 2;
  int memory_mib = 2048;
  int numa_nodes = 1;
  std::vector<NvmeDrive> nvme;
  bool net = true;       ///< virtio-net without a connection to the host, for rxe
  int hugepages_2m = 0;  ///< reserved by the agent before the first test
  int swap_mib = 0;
  std::vector<std::string> kernel_args;  ///< appended to the command line
  std::vector<Device> devices;           ///< needed by its tests; their NVMe drives are also in `nvme`
};

enum class Accel { automatic, kvm, tcg };
const char* to_string(Accel a);  ///< "auto", "kvm", "tcg"

}  // namespace pinrig::model
