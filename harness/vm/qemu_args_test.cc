// SPDX-License-Identifier: GPL-2.0
#include "vm/qemu_args.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "base/text.h"

namespace pinrig::vm {
namespace {

using model::Accel;
using model::Arch;
using model::Device;
using ::testing::_;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

model::JobSpec job_of(Arch arch) {
  model::JobSpec job;
  job.arch = arch;
  job.kernel_image = "/k/vmlinux";
  job.machine.memory_mib = 1024;
  return job;
}

QemuPaths paths() {
  QemuPaths p;
  p.initramfs = "/j/initramfs.img";
  p.console = "/j/console.raw";
  p.results = "/j/results.raw";
  p.control_socket = "/s/control";
  p.qmp_socket = "/s/qmp";
  p.gdb_socket = "/s/gdb";
  return p;
}

std::vector<std::string> words_of(const std::string& line) { return split(line, ' '); }

/// The values of every `option` in argv.
std::vector<std::string> values(const std::vector<std::string>& argv, const std::string& option) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i + 1 < argv.size(); ++i)
    if (argv[i] == option) out.push_back(argv[i + 1]);
  return out;
}

TEST(QemuArgs, TheSandboxDeniesStartingProgramsAndGainingPrivileges) {
  auto spec = job_of(Arch::x86_64);
  EXPECT_THAT(qemu_args(spec, paths(), QemuMode::normal), Not(Contains("-sandbox")))
      << "not every QEMU has one";
  spec.sandbox = true;
  for (const auto mode : {QemuMode::normal, QemuMode::shell, QemuMode::gdb})
    EXPECT_THAT(values(qemu_args(spec, paths(), mode), "-sandbox"),
                ElementsAre("on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"));
}

TEST(QemuArgs, NothingFromTheHostAndNothingByDefault) {
  const auto args = base_args();
  for (const char* wanted : {"-no-user-config", "-nodefaults", "-no-reboot"})
    EXPECT_THAT(args, Contains(wanted));
  EXPECT_THAT(values(args, "-display"), ElementsAre("none"));
}

TEST(QemuArgs, MachinePerArchitectureAndAccelerator) {
  EXPECT_THAT(values(machine_args(Arch::x86_64, Accel::tcg, {}), "-accel"), ElementsAre("tcg,thread=multi"));
  EXPECT_THAT(values(machine_args(Arch::x86_64, Accel::tcg, {}), "-cpu"), ElementsAre("max,-erms,-fsrm"));
  EXPECT_THAT(values(machine_args(Arch::x86_64, Accel::kvm, {}), "-accel"), ElementsAre("kvm"));
  EXPECT_THAT(values(machine_args(Arch::x86_64, Accel::kvm, {}), "-cpu"), ElementsAre("host"));
  EXPECT_THAT(values(machine_args(Arch::aarch64, Accel::tcg, {}), "-cpu"),
              ElementsAre("max,pauth-impdef=on"));
  EXPECT_THAT(values(machine_args(Arch::aarch64, Accel::kvm, {}), "-cpu"), ElementsAre("host"));
  EXPECT_THAT(values(machine_args(Arch::aarch64, Accel::tcg, {}), "-machine"),
              ElementsAre("virt,gic-version=max"));
  EXPECT_THAT(values(machine_args(Arch::x86_64, Accel::tcg, {}), "-bios"), ElementsAre("bios.bin"));
}

TEST(QemuArgs, SizeInMebibytes) {
  model::Machine machine;
  machine.cpus = 3;
  machine.memory_mib = 1536;
  EXPECT_THAT(size_args(machine), ElementsAre("-smp", "3,sockets=3,cores=1,threads=1", "-m", "1536M"));
}

TEST(QemuArgs, NumaNodesShareMemoryAndProcessors) {
  model::Machine machine;
  machine.cpus = 3;
  machine.memory_mib = 1537;
  machine.numa_nodes = 2;
  EXPECT_THAT(size_args(machine), ElementsAre("-smp", "3,sockets=3,cores=1,threads=1", "-m", "1537M",  //
                                              "-object", "memory-backend-ram,id=node0,size=769M",      //
                                              "-numa", "node,nodeid=0,memdev=node0,cpus=0,cpus=2",     //
                                              "-object", "memory-backend-ram,id=node1,size=768M",      //
                                              "-numa", "node,nodeid=1,memdev=node1,cpus=1"));
}

TEST(QemuArgs, CommandLineOfTheKernel) {
  auto job = job_of(Arch::x86_64);
  job.machine.kernel_args = {"movablecore=1G"};
  const auto x86 = words_of(kernel_command_line(job, QemuMode::normal));
  for (const char* word : {"console=ttyS0", "panic=-1", "oops=panic", "reboot=pci", "rdinit=/init", "nokaslr",
                           "norandmaps", "tsc=reliable", "vdso=0"})
    EXPECT_THAT(x86, Contains(word));
  EXPECT_EQ(x86.back(), "movablecore=1G") << "the machine has the last word";
  EXPECT_THAT(x86, Not(Contains("pinrig.shell")));
  auto arm_job = job_of(Arch::aarch64);
  arm_job.machine.nvme = {{.serial = "pin-raw"}};
  const auto arm = words_of(kernel_command_line(arm_job, QemuMode::shell));
  EXPECT_THAT(arm, Contains("console=ttyAMA0"));
  EXPECT_THAT(arm, Contains("pinrig.shell"));
  EXPECT_THAT(arm, Contains("maxcpus=1"));
  EXPECT_THAT(arm, Not(Contains("tsc=reliable")));
  job.accel = Accel::kvm;
  EXPECT_THAT(words_of(kernel_command_line(job, QemuMode::normal)), Not(Contains("tsc=reliable")))
      << "a host's TSC may be unstable, and kvm-clock knows";
  const auto without_drives = job_of(Arch::aarch64);
  EXPECT_THAT(words_of(kernel_command_line(without_drives, QemuMode::normal)), Not(Contains("maxcpus=1")));
  auto kvm_arm = arm_job;
  kvm_arm.accel = Accel::kvm;
  EXPECT_THAT(words_of(kernel_command_line(kvm_arm, QemuMode::normal)), Not(Contains("maxcpus=1")));
}

TEST(QemuArgs, WhatMakesADeadGuestSpeak) {
  auto job = job_of(Arch::x86_64);
  EXPECT_THAT(forensic_args(job), ElementsAre("-device", "vmcoreinfo"));
  job.traits.pvpanic = true;
  EXPECT_THAT(forensic_args(job), ElementsAre("-device", "vmcoreinfo", "-device", "pvpanic-pci"));
  EXPECT_THAT(words_of(kernel_command_line(job, QemuMode::normal)), Contains("unknown_nmi_panic"));
  const auto arm = job_of(Arch::aarch64);
  EXPECT_THAT(words_of(kernel_command_line(arm, QemuMode::normal)), Not(Contains("unknown_nmi_panic")))
      << "its machine has no NMI";
}

TEST(QemuArgs, LoopsPerJiffyOnlyWhereTheTscIsTheHosts) {
  auto job = job_of(Arch::x86_64);
  EXPECT_THAT(kernel_command_line(job, QemuMode::normal), Not(HasSubstr("lpj=")));
  job.loops_per_jiffy = 8'400'000;
  EXPECT_THAT(words_of(kernel_command_line(job, QemuMode::normal)), Contains("lpj=8400000"));
  job.accel = Accel::kvm;
  EXPECT_THAT(kernel_command_line(job, QemuMode::normal), Not(HasSubstr("lpj=")));
  auto arm = job_of(Arch::aarch64);
  arm.loops_per_jiffy = 8'400'000;
  EXPECT_THAT(kernel_command_line(arm, QemuMode::normal), Not(HasSubstr("lpj=")));
}

TEST(QemuArgs, AShellHasTheSetUpOfTheTests) {
  auto job = job_of(Arch::x86_64);
  job.machine = {};
  job.machine.nvme = {{.serial = "pin-raw", .nsid = 2}, {.serial = "pin-fs", .fs = "ext4"}};
  job.machine.hugepages_2m = 64;
  job.machine.swap_mib = 32;
  const auto words = words_of(kernel_command_line(job, QemuMode::shell));
  for (const char* word :
       {"pinrig.shell", "pinrig.drive=pin-raw:2", "pinrig.drive=pin-fs:1", "pinrig.hugepages=64",
        "pinrig.mount=pin-fs:1:ext4:/mnt/ext4", "pinrig.swap_mib=32", "pinrig.rxe"})
    EXPECT_THAT(words, Contains(word));
  const auto normal = words_of(kernel_command_line(job, QemuMode::normal));
  EXPECT_THAT(normal, Contains("pinrig.hugepages=64"));
  EXPECT_THAT(normal, Not(Contains("pinrig.shell")));
  EXPECT_THAT(normal, Not(Contains("pinrig.rxe"))) << "what a test needs is sent with the test";
  job.machine.net = false;
  EXPECT_THAT(words_of(kernel_command_line(job, QemuMode::shell)), Not(Contains("pinrig.rxe")));
}

TEST(QemuArgs, KernelWithAndWithoutInitramfs) {
  const auto job = job_of(Arch::x86_64);
  EXPECT_THAT(values(kernel_args(job, "/i", QemuMode::normal), "-initrd"), ElementsAre("/i"));
  EXPECT_THAT(values(kernel_args(job, "", QemuMode::normal), "-initrd"), ElementsAre());
  EXPECT_THAT(values(kernel_args(job, "", QemuMode::normal), "-kernel"), ElementsAre("/k/vmlinux"));
}

TEST(QemuArgs, NamespacesOfOneSerialShareAController) {
  model::Machine machine;
  machine.nvme = {{"pin-raw", 1, 64, 0, ""}, {"pin-slow", 1, 64, 4, ""}, {"pin-raw", 2, 64, 0, "ext4"}};
  const auto args =
      drive_args(machine, {{"pin-raw:1", "/j/a"}, {"pin-slow:1", "/j/b"}, {"pin-raw:2", "/j/ext4"}});
  EXPECT_THAT(
      values(args, "-device"),
      ElementsAre("nvme-subsys,id=subsys-nvme0,nqn=nvme0", "nvme,id=nvme0,serial=pin-raw,subsys=subsys-nvme0",
                  "nvme-ns,drive=nvme0n1,bus=nvme0,nsid=1,shared=off,detached=on",
                  "nvme-subsys,id=subsys-nvme1,nqn=nvme1",
                  "nvme,id=nvme1,serial=pin-slow,subsys=subsys-nvme1",
                  "nvme-ns,drive=nvme1n1,bus=nvme1,nsid=1,shared=off,detached=on",
                  "nvme-ns,drive=nvme0n2,bus=nvme0,nsid=2,shared=off,detached=on"));
  EXPECT_THAT(
      values(args, "-drive"),
      ElementsAre(
          "if=none,id=nvme0n1,format=raw,file=/j/a,cache=unsafe,discard=unmap",
          "if=none,id=nvme1n1,format=raw,file=/j/b,cache=unsafe,discard=unmap,throttling.iops-total=4",
          "if=none,id=nvme0n2,format=raw,file=/j/ext4,cache=unsafe,discard=unmap"));
}

model::JobSpec with_devices(Arch arch, std::vector<Device> devices) {
  auto job = job_of(arch);
  job.machine.devices = std::move(devices);
  return job;
}

TEST(QemuArgs, DrivesWithZonesControllerMemoryAndMetadata) {
  model::Machine machine;
  machine.nvme = {
      {.serial = "z", .zone_mib = 8}, {.serial = "c", .cmb_mib = 64}, {.serial = "m", .metadata_bytes = 8}};
  const auto devices = values(drive_args(machine, {}), "-device");
  EXPECT_THAT(devices, Contains(EndsWith(
                           ",logical_block_size=4096,physical_block_size=4096,zoned=on,zoned.zone_size=8M,"
                           "zoned.zone_capacity=8M,zoned.max_open=8,zoned.max_active=12")));
  EXPECT_THAT(devices, Contains(AllOf(StartsWith("nvme,id=nvme1,serial=c"), EndsWith(",cmb_size_mb=64"))));
  EXPECT_THAT(devices, Contains(AllOf(StartsWith("nvme-ns,drive=nvme2n1"), EndsWith(",ms=8,mset=0"))));
}

TEST(QemuArgs, ADriveThatCanBeUnpluggedHasASlotOfItsOwn) {
  model::Machine machine;
  machine.nvme = {{.serial = "stays"},
                  {.serial = "goes", .removable = true},
                  {.serial = "goes", .nsid = 2, .removable = true}};
  EXPECT_THAT(
      values(drive_args(machine, {}), "-device"),
      ElementsAre(_, "nvme,id=nvme0,serial=stays,subsys=subsys-nvme0", StartsWith("nvme-ns,drive=nvme0n1,"),
                  "pcie-root-port,id=port-nvme1,chassis=2", "nvme,id=nvme1,serial=goes,bus=port-nvme1",
                  "nvme-ns,drive=nvme1n1,bus=nvme1,nsid=1", "nvme-ns,drive=nvme1n2,bus=nvme1,nsid=2"));
  EXPECT_EQ(removable_id(machine, "goes"), "nvme1");
  EXPECT_EQ(removable_id(machine, "stays"), std::nullopt);
  EXPECT_EQ(removable_id(machine, "nvme1"), std::nullopt) << "serial numbers, not QEMU's names";
}

TEST(QemuArgs, DevicesThatNobodyAskedForAreNotThere) {
  const auto args = qemu_args(job_of(Arch::x86_64), paths(), QemuMode::normal);
  for (const char* word : {"nvme", "scsi", "9p", "iommu", "e1000e", "pcie-root-port"})
    EXPECT_THAT(join(args, " "), Not(HasSubstr(word))) << word;
}

TEST(QemuArgs, ScsiDiskAndShare) {
  const auto args = device_args(with_devices(Arch::aarch64, {Device::p9, Device::scsi}),
                                {{Device::p9, "/s/sha,re"}, {Device::scsi, "/j/scsi.raw"}});
  EXPECT_THAT(values(args, "-device"),
              ElementsAre("virtio-9p-pci,fsdev=share,mount_tag=pinshare", "virtio-scsi-pci,id=scsi0",
                          "scsi-hd,bus=scsi0.0,drive=scsidrive,serial=pin-scsi"));
  EXPECT_THAT(values(args, "-fsdev"),
              ElementsAre("local,id=share,security_model=mapped-file,path=/s/sha,,re"));
  EXPECT_THAT(values(args, "-drive"),
              ElementsAre("if=none,id=scsidrive,format=raw,file=/j/scsi.raw,cache=unsafe,discard=unmap"));
}

TEST(QemuArgs, GuestsOfAGuestNeedEl2) {
  auto job = with_devices(Arch::aarch64, {Device::kvm});
  EXPECT_THAT(values(qemu_args(job, paths(), QemuMode::normal), "-machine"),
              ElementsAre("virt,gic-version=max,virtualization=on"));
  job.accel = Accel::kvm;
  EXPECT_THAT(values(qemu_args(job, paths(), QemuMode::normal), "-machine"),
              ElementsAre("virt,gic-version=max"));
}

TEST(QemuArgs, AnIommuStandsBeforeWhatIsBehindIt) {
  auto job = with_devices(Arch::x86_64, {Device::iommu});
  job.machine.nvme = {{.serial = "a"}};
  const auto args = values(qemu_args(job, paths(), QemuMode::normal), "-device");
  EXPECT_EQ(args.front(), "intel-iommu,intremap=on");
  EXPECT_THAT(args, Contains("e1000e,netdev=net1,romfile="));
  EXPECT_THAT(words_of(kernel_command_line(job, QemuMode::normal)), Contains("intel_iommu=on"));
  EXPECT_THAT(values(machine_args(Arch::x86_64, Accel::kvm, job.machine), "-machine"),
              ElementsAre(HasSubstr("kernel-irqchip=split")));
  job.arch = Arch::aarch64;
  EXPECT_THAT(values(machine_args(job.arch, Accel::tcg, job.machine), "-machine"),
              ElementsAre("virt,gic-version=max,iommu=smmuv3"));
  EXPECT_THAT(values(qemu_args(job, paths(), QemuMode::normal), "-device"),
              Not(Contains(HasSubstr("intel-iommu"))));
}

TEST(QemuArgs, CommasInPathsAreDoubled) {
  model::Machine machine;
  machine.nvme = {{"a", 1, 64, 0, ""}};
  const auto args = drive_args(machine, {{"a:1", "/j,k/a"}});
  EXPECT_THAT(values(args, "-drive").at(0), HasSubstr("file=/j,,k/a,"));
  EXPECT_THAT(values(console_args("/j,k/c", QemuMode::normal), "-chardev").at(0), HasSubstr("path=/j,,k/c"));
}

TEST(QemuArgs, NetworkHasNoWayOut) {
  model::Machine machine;
  EXPECT_THAT(values(net_args(machine), "-netdev"), ElementsAre("hubport,id=net0,hubid=0"));
  machine.net = false;
  EXPECT_TRUE(net_args(machine).empty());
}

TEST(QemuArgs, ChannelsOnSocketsThatWeListenOn) {
  const auto args = channel_args(paths(), QemuMode::normal);
  EXPECT_THAT(values(args, "-chardev"), ElementsAre("socket,id=control,server=off,path=/s/control",
                                                    "file,id=results,path=/j/results.raw"));
  EXPECT_THAT(values(args, "-device"),
              ElementsAre("virtio-serial-pci,id=ports",
                          "virtserialport,bus=ports.0,nr=1,chardev=control,name=pinrig.control",
                          "virtserialport,bus=ports.0,nr=2,chardev=results,name=pinrig.results"));
}

TEST(QemuArgs, ShellHasTheSameDevicesAndTheTerminal) {
  const auto job = job_of(Arch::x86_64);
  const auto normal = qemu_args(job, paths(), QemuMode::normal);
  const auto shell = qemu_args(job, paths(), QemuMode::shell);
  EXPECT_EQ(values(normal, "-device"), values(shell, "-device"));
  EXPECT_THAT(values(shell, "-chardev"),
              ElementsAre("stdio,id=console,mux=on,signal=off,logfile=/j/console.raw", "null,id=control",
                          "null,id=results"));
  EXPECT_THAT(shell, Not(Contains("-S")));
}

TEST(QemuArgs, DebuggerWaitsOnAUnixSocketAndNoPortIsOpened) {
  model::JobSpec holding = job_of(Arch::x86_64);
  EXPECT_THAT(qemu_args(holding, paths(), QemuMode::normal), Not(Contains("-gdb")));
  holding.machine.cpus = 3;
  EXPECT_THAT(values(qemu_args(holding, paths(), QemuMode::normal), "-chardev"),
              Contains("socket,id=gdb,server=off,path=/s/gdb"))
      << "runs at once, and connects to us";
  EXPECT_THAT(qemu_args(holding, paths(), QemuMode::normal), Not(Contains("-S")));
  const auto args = qemu_args(job_of(Arch::aarch64), paths(), QemuMode::gdb);
  EXPECT_EQ(args.front(), "qemu-system-aarch64");
  EXPECT_THAT(args, Contains("-S"));
  EXPECT_THAT(values(args, "-chardev"), Contains("socket,id=gdb,server=on,wait=off,path=/s/gdb"));
  EXPECT_THAT(join(args, " "), Not(HasSubstr("tcp:")));
}

}  // namespace
}  // namespace pinrig::vm
