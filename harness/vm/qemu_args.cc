// SPDX-License-Identifier: GPL-2.0
#include "vm/qemu_args.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "wire/frame.h"

namespace pinrig::vm {
namespace {

using Args = std::vector<std::string>;
using model::Accel;
using model::Arch;
using model::Device;

void append(Args& to, Args more) {
  for (auto& arg : more) to.push_back(std::move(arg));
}

/// A value inside QEMU's "key=value,key=value" syntax, where a comma is written twice.
std::string option_value(const std::string& value) {
  std::string out;
  for (const char c : value) {
    out += c;
    if (c == ',') out += ',';
  }
  return out;
}

/// Ids of QEMU objects may hold letters, digits, '-', '.' and '_' only and start with a letter
/// (id_wellformed()).
std::string object_id(const char* prefix, std::size_t number) { return fmt::format("{}{}", prefix, number); }

constexpr int scsi_mib = 64;

std::string console_device(Arch arch) { return arch == Arch::x86_64 ? "ttyS0" : "ttyAMA0"; }

}  // namespace

bool has_device(const model::Machine& machine, Device device) {
  return std::find(machine.devices.begin(), machine.devices.end(), device) != machine.devices.end();
}

std::string drive_key(const model::NvmeDrive& drive) {
  return fmt::format("{}:{}", drive.serial, drive.nsid);
}

std::string qemu_program(Arch arch) { return fmt::format("qemu-system-{}", model::to_string(arch)); }

std::string qemu_package(Arch arch) { return arch == Arch::x86_64 ? "qemu-system-x86" : "qemu-system-arm"; }

Args base_args() {
  return {
      "-no-user-config",  // nothing from /etc/qemu: the same machine on every host
      "-nodefaults",      // no VGA, floppy, CD-ROM, NIC or parallel port: each costs probe time in the guest
      "-display",
      "none",        // no window and no VNC port
      "-no-reboot",  // with panic=-1 on the kernel's command line a panic is an exit of QEMU
      "-rtc",
      "base=utc",  // the guest's clock does not depend on the host's time zone
      "-name",
      "pinrig",
  };
}

Args sandbox_args() {
  return {"-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"};
}

std::string cpu_model(Arch arch, Accel accel) {
  if (accel == Accel::kvm) return "host";
  // The architected pointer authentication (QARMA5) is computed in software for every function return; the
  // implementation-defined one is a fast hash. On x86-64 kernel and C library clear and copy with REP STOSB
  // and MOVSB where the processor says that it is fast at that; TCG goes byte by byte.
  return arch == Arch::x86_64 ? "max,-erms,-fsrm" : "max,pauth-impdef=on";
}

Args machine_args(Arch arch, Accel accel, const model::Machine& machine) {
  const bool kvm = accel == Accel::kvm;
  const bool iommu = has_device(machine, Device::iommu);
  // thread=multi: one host thread for each guest CPU. Races between CPUs are what the tests look for, and
  // round-robin would never show them.
  Args args{"-accel", kvm ? "kvm" : "tcg,thread=multi"};
  if (arch == Arch::x86_64) {
    // q35 boots faster than pc, whose legacy devices are probed by port I/O, and its root ports are what PCIe
    // hot-plug needs. microvm with pcie=on would be faster still, but has no HPET or PM timer to calibrate
    // the TSC by and hangs on a busy host; qboot.rom never reaches the kernel on q35. CONFIG_X86_PM_TIMER is
    // a must: without it setup_boot_APIC_clock() verifies its calibration against jiffies once more (0.5 s).
    // Half of what is left of a boot is that calibration (0.1 s, TCG has no TSC deadline timer), ACPI and
    // PCI. What is turned off is used by no test.
    std::string q35 = "q35,vmport=off,smbus=off,sata=off,i8042=off";
    // Interrupt remapping needs the I/O APIC where QEMU can see it.
    if (iommu && kvm) q35 += ",kernel-irqchip=split";
    append(args, {"-machine", q35});
    // The smaller build of SeaBIOS: it has no NVMe driver, which would look for something to boot on every
    // drive (40 ms).
    append(args, {"-bios", "bios.bin"});
  } else {
    // gic-version=max is the host's under KVM and 3 under TCG; 2 would have no MSI, which NVMe must have.
    std::string virt = "virt,gic-version=max";
    if (iommu) virt += ",iommu=smmuv3";
    // EL2. What KVM would need for it few hosts have; x86-64's max and host come with what the host can nest.
    if (!kvm && has_device(machine, Device::kvm)) virt += ",virtualization=on";
    append(args, {"-machine", virt});
  }
  append(args, {"-cpu", cpu_model(arch, accel)});
  return args;
}

Args size_args(const model::Machine& machine) {
  const int nodes = machine.numa_nodes;
  // Each CPU in a socket of its own: SeaBIOS lists only the first CPU of each socket in the MP table
  // (src/fw/mptable.c), which is all that an x86-64 kernel without ACPI has, and the kernel warns about
  // sockets that span two nodes (topology_sane()).
  const std::string smp = fmt::format("{0},sockets={0},cores=1,threads=1", machine.cpus);
  Args args{"-smp", smp, "-m", fmt::format("{}M", machine.memory_mib)};
  // The first node gets the remainder; CPUs are assigned round-robin.
  for (int n = 0; nodes > 1 && n < nodes; ++n) {
    const int mib = machine.memory_mib / nodes + (n == 0 ? machine.memory_mib % nodes : 0);
    std::string node = fmt::format("node,nodeid={0},memdev=node{0}", n);
    for (int cpu = n; cpu < machine.cpus; cpu += nodes) node += fmt::format(",cpus={}", cpu);
    append(args, {"-object", fmt::format("memory-backend-ram,id=node{},size={}M", n, mib), "-numa", node});
  }
  return args;
}

namespace {

// Nobody sends a Setup to an interactive guest: the agent takes it from the command line
// (guest-tests/agent/cmdline.h), so that a shell finds the same mounts, links and rxe device as a test does.
Args shell_words(const model::Machine& machine) {
  Args words{"pinrig.shell"};
  for (const auto& drive : machine.nvme) {
    const std::string key = drive_key(drive);
    words.push_back("pinrig.drive=" + key);
    if (!drive.fs.empty())
      words.push_back(fmt::format("pinrig.mount={}:{}:/mnt/{}", key, drive.fs, drive.fs));
  }
  if (machine.swap_mib > 0) words.push_back(fmt::format("pinrig.swap_mib={}", machine.swap_mib));
  if (machine.net) words.push_back("pinrig.rxe");
  return words;
}

}  // namespace

std::string kernel_command_line(const model::JobSpec& job, QemuMode mode) {
  Args words{
      "console=" + console_device(job.arch),
      "panic=-1",      // reboot at once, which -no-reboot turns into an exit, or QMP into a halt
      "oops=panic",    // a task that dies in the kernel keeps its locks: what runs after it hangs or fails
                       // because of that, and would say nothing about itself
      "rdinit=/init",  // the agent
      "nokaslr",       // addresses of an oops and of gdb are those of vmlinux
      "norandmaps",    // the same test has the same addresses again; and a stack that need not be moved is
                       // sooner made
      "printk.devkmsg=on",    // no limit for what the agent says: marks of quick tests would be swallowed
      "random.trust_cpu=on",  // the pool is ready at once instead of when interrupts have gathered enough
  };
  // The agent brings up the others. QEMU before 8.2 changes what a CPU sees of the devices' memory while that
  // CPU runs (tcg_commit()): a driver that reads a register while another CPU enables a PCI device reads the
  // wrong device or none. Drivers are probed one after the other but for those that ask for more, as NVMe
  // does. On aarch64 one boot in 24 ended in an external abort or hung in the probe of a drive, with one CPU
  // none of 60; on x86-64 none of some hundreds did with two. All of that happens before init.
  if (job.arch == Arch::aarch64 && job.accel == Accel::tcg && !job.machine.nvme.empty())
    words.push_back("maxcpus=1");
  // By PCI's reset register at once: without ACPI the kernel first asks the keyboard controller ten times,
  // with waits that a busy host stretches to half a minute (native_machine_emergency_restart()).
  if (job.arch == Arch::x86_64) words.push_back("reboot=pci");
  // For the NMI of vm/last_look.h; no other comes to these guests.
  if (job.arch == Arch::x86_64) words.push_back("unknown_nmi_panic");
  if (job.arch == Arch::x86_64 && job.accel == Accel::tcg) {
    // Under TCG the TSC is the host's, the same on each guest CPU: the warp test of every CPU brought up
    // (check_tsc_warp(), 20 ms) and the watchdog could only find that the host is busy.
    words.push_back("tsc=reliable");
    words.push_back("no_timer_check");  // timer_irq_works() waits 10 ticks for a PIT that is known to tick
    // A program's start finds its way about the vDSO by code that nothing else runs: a tenth of what the
    // first one executes. Its calls save nothing where a system call takes a microsecond.
    words.push_back("vdso=0");
    // What the host knows need not be calibrated again on every CPU: 80 ms each.
    if (job.loops_per_jiffy > 0) words.push_back(fmt::format("lpj={}", job.loops_per_jiffy));
  }
  // The kernel's own default is off unless it was configured otherwise.
  if (job.arch == Arch::x86_64 && has_device(job.machine, Device::iommu)) words.push_back("intel_iommu=on");
  if (job.machine.hugepages_2m > 0)
    words.push_back(fmt::format("pinrig.hugepages={}", job.machine.hugepages_2m));
  if (mode != QemuMode::normal) append(words, shell_words(job.machine));
  append(words, job.machine.kernel_args);
  return join(words, " ");
}

Args kernel_args(const model::JobSpec& job, const std::string& initramfs, QemuMode mode) {
  // x86-64: an ELF with the PVH note is entered directly, no firmware menu and no decompression.
  Args args{"-kernel", job.kernel_image};
  if (!initramfs.empty()) append(args, {"-initrd", initramfs});
  append(args, {"-append", kernel_command_line(job, mode)});
  return args;
}

namespace {

/// Ids of the controllers by serial number, in the order of the machine's drives.
std::map<std::string, std::string> controller_ids(const model::Machine& machine) {
  std::map<std::string, std::string> ids;
  for (const auto& drive : machine.nvme) ids.try_emplace(drive.serial, object_id("nvme", ids.size()));
  return ids;
}

/// A controller of one serial number. PCIe has no hot-plug on the root bus itself, only behind a root port;
/// the chassis number has to differ from port to port. A subsystem is what a detached namespace needs.
Args controller_args(const model::NvmeDrive& drive, const std::string& id, std::size_t number) {
  Args args;
  std::string out = fmt::format("nvme,id={},serial={}", id, option_value(drive.serial));
  if (!drive.removable) {
    append(args, {"-device", fmt::format("nvme-subsys,id=subsys-{0},nqn={0}", id)});
    out += fmt::format(",subsys=subsys-{}", id);
  } else {
    append(args, {"-device", fmt::format("pcie-root-port,id=port-{},chassis={}", id, number + 1)});
    out += fmt::format(",bus=port-{}", id);
  }
  if (drive.cmb_mib > 0) out += fmt::format(",cmb_size_mb={}", drive.cmb_mib);
  append(args, {"-device", out});
  return args;
}

std::string namespace_option(const model::NvmeDrive& drive, const std::string& id, const std::string& bus) {
  std::string out = fmt::format("nvme-ns,drive={},bus={},nsid={}", id, bus, drive.nsid);
  // The agent attaches it for the first test that needs it (guest-tests/agent/nvme.cc): a kernel that finds a
  // namespace while it boots scans it for partitions before it starts init, 20 ms under TCG for three of
  // them.
  if (!drive.removable) out += ",shared=off,detached=on";
  // zonefs and btrfs want blocks of 4 KiB. Limits on open and active zones are what makes a drive real:
  // without them a file system never has to close one.
  if (drive.zone_mib > 0)
    out += fmt::format(
        ",logical_block_size=4096,physical_block_size=4096,zoned=on,zoned.zone_size={0}M,"
        "zoned.zone_capacity={0}M,zoned.max_open=8,zoned.max_active=12",
        drive.zone_mib);
  // mset=0: metadata in a buffer of its own; interleaved ones the kernel's NVMe driver over PCI does not
  // offer as a disk.
  if (drive.metadata_bytes > 0) out += fmt::format(",ms={},mset=0", drive.metadata_bytes);
  return out;
}

Args scsi_args(const std::string& image) {
  return {
      "-device",
      "virtio-scsi-pci,id=scsi0",
      "-drive",
      fmt::format("if=none,id=scsidrive,format=raw,file={},cache=unsafe,discard=unmap", option_value(image)),
      "-device",
      "scsi-hd,bus=scsi0.0,drive=scsidrive,serial=pin-scsi"};
}

Args iommu_args(Arch arch) {
  Args args;
  // On the arm64 machine it is a property (machine_args()). It has to stand before the devices behind it.
  if (arch == Arch::x86_64) append(args, {"-device", "intel-iommu,intremap=on"});
  return args;
}

}  // namespace

std::optional<int> image_mib(Device device) {
  if (device == Device::scsi) return scsi_mib;
  return std::nullopt;
}

Args device_args(const model::JobSpec& job, const std::map<Device, std::string>& files) {
  const auto file = [&](Device d) {
    const auto it = files.find(d);
    return it == files.end() ? std::string() : it->second;  // QEMU refuses the empty name
  };
  Args args;
  for (const Device d : job.machine.devices) {
    if (d == Device::scsi) append(args, scsi_args(file(d)));
    // mapped-file: owners, modes, device nodes and links of the guest are stored in separate files.
    // Nothing of the guest becomes a device node or a set-uid program of the host when QEMU runs as root, and
    // unlike mapped-xattr it needs no extended attributes, which /tmp may not have.
    if (d == Device::p9)
      append(args, {"-fsdev", "local,id=share,security_model=mapped-file,path=" + option_value(file(d)),
                    "-device", "virtio-9p-pci,fsdev=share,mount_tag=pinshare"});
    // Nobody's link: it is there to be bound to vfio-pci.
    if (d == Device::iommu)
      append(args, {"-netdev", "hubport,id=net1,hubid=1", "-device", "e1000e,netdev=net1,romfile="});
  }
  return args;
}

Args drive_args(const model::Machine& machine, const std::map<std::string, std::string>& files) {
  Args args;
  const auto ids = controller_ids(machine);
  std::set<std::string> made;
  for (const auto& drive : machine.nvme) {
    const std::string& controller = ids.at(drive.serial);
    // A controller per serial number, its namespaces on a bus that has the controller's id as name.
    if (made.insert(drive.serial).second) append(args, controller_args(drive, controller, made.size() - 1));
    const std::string id = fmt::format("{}n{}", controller, drive.nsid);
    const auto file = files.find(drive_key(drive));
    // A missing image is a name QEMU will refuse; it never happens with the files of prepare_drives().
    const std::string image = file == files.end() ? std::string() : file->second;
    std::string backend = fmt::format("if=none,id={},format=raw,file={}", id, option_value(image));
    // The data is discarded with the guest: no need to wait for the host's disk.
    backend += ",cache=unsafe,discard=unmap";
    // Throttling delays a request before its data move, so that a fork or a write falls between submission
    // and DMA; null-co's latency-ns and scsi_debug's delay wait after the data moved and hide every race.
    if (drive.iops > 0) backend += fmt::format(",throttling.iops-total={}", drive.iops);
    append(args, {"-drive", backend});
    append(args, {"-device", namespace_option(drive, id, controller)});
  }
  return args;
}

std::optional<std::string> removable_id(const model::Machine& machine, const std::string& serial) {
  for (const auto& drive : machine.nvme) {
    if (drive.removable && drive.serial == serial) return controller_ids(machine).at(serial);
  }
  return std::nullopt;
}

Args net_args(const model::Machine& machine) {
  if (!machine.net) return {};
  // A hub with one port: the link is up, which rxe needs, without a connection to the outside. romfile=
  // disables the PXE ROM. The address is fixed, so that rxe's GID is the same in every boot.
  return {"-netdev", "hubport,id=net0,hubid=0", "-device",
          "virtio-net-pci,netdev=net0,mac=52:54:00:70:69:6e,romfile="};
}

Args console_args(const std::string& console, QemuMode mode) {
  // In the interactive modes the terminal has the console; Ctrl-C goes to the guest (signal=off), Ctrl-A X
  // ends QEMU, Ctrl-A C is its monitor.
  if (mode != QemuMode::normal)
    return {"-chardev", "stdio,id=console,mux=on,signal=off,logfile=" + option_value(console),
            "-serial",  "chardev:console",
            "-mon",     "chardev=console,mode=readline"};
  // PATH.out is console.raw, PATH.in takes the key of a sysrq (vm/last_look.h).
  return {"-chardev", "pipe,id=console,path=" + option_value(console), "-serial", "chardev:console"};
}

Args channel_args(const QemuPaths& paths, QemuMode mode) {
  // nr=0 is reserved for a virtconsole; numbers are given so that they do not depend on the order.
  Args args{"-device", "virtio-serial-pci,id=ports"};
  // Interactive guests have both ports too (same devices), without a peer.
  const std::string control = mode == QemuMode::normal
                                  ? "socket,id=control,server=off,path=" + option_value(paths.control_socket)
                                  : "null,id=control";
  const std::string results =
      mode == QemuMode::normal ? "file,id=results,path=" + option_value(paths.results) : "null,id=results";
  append(args, {"-chardev", control, "-device",
                fmt::format("virtserialport,bus=ports.0,nr=1,chardev=control,name={}", wire::control_port)});
  append(args, {"-chardev", results, "-device",
                fmt::format("virtserialport,bus=ports.0,nr=2,chardev=results,name={}", wire::results_port)});
  return args;
}

Args qmp_args(const std::string& qmp_socket, QemuMode mode) {
  if (mode != QemuMode::normal) return {};
  // server=off: we listen before QEMU starts, so there is nothing to poll for and no port to choose.
  return {"-chardev", "socket,id=qmp,server=off,path=" + option_value(qmp_socket), "-mon",
          "chardev=qmp,mode=control"};
}

Args gdb_args(const std::string& gdb_socket, QemuMode mode, bool holds) {
  // A guest whose CPUs are to be held runs at once: the stub listens to us while it runs.
  if (mode == QemuMode::normal && holds)
    return {"-chardev", "socket,id=gdb,server=off,path=" + option_value(gdb_socket), "-gdb", "chardev:gdb"};
  if (mode != QemuMode::gdb) return {};
  // -S: no instruction runs before the debugger says so.
  return {"-S", "-chardev", "socket,id=gdb,server=on,wait=off,path=" + option_value(gdb_socket), "-gdb",
          "chardev:gdb"};
}

Args forensic_args(const model::JobSpec& job) {
  // Where the kernel leaves its VMCOREINFO for a dump, if it has CONFIG_FW_CFG_SYSFS: without it drgn refuses
  // the file.
  Args args{"-device", "vmcoreinfo"};
  if (job.traits.pvpanic) append(args, {"-device", "pvpanic-pci"});
  return args;
}

Args qemu_args(const model::JobSpec& job, const QemuPaths& paths, QemuMode mode) {
  Args args{qemu_program(job.arch)};
  append(args, base_args());
  if (job.sandbox) append(args, sandbox_args());
  append(args, machine_args(job.arch, job.accel, job.machine));
  append(args, size_args(job.machine));
  append(args, kernel_args(job, paths.initramfs, mode));
  if (has_device(job.machine, Device::iommu)) append(args, iommu_args(job.arch));
  append(args, drive_args(job.machine, paths.drives));
  append(args, device_args(job, paths.devices));
  append(args, net_args(job.machine));
  append(args, console_args(mode == QemuMode::normal ? paths.console_pipe : paths.console, mode));
  append(args, channel_args(paths, mode));
  append(args, qmp_args(paths.qmp_socket, mode));
  append(args, gdb_args(paths.gdb_socket, mode, job.machine.cpus >= 3));
  append(args, forensic_args(job));
  return args;
}

}  // namespace pinrig::vm
