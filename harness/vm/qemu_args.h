// SPDX-License-Identifier: GPL-2.0
// QEMU's command line, as a pure function of the job: the guest has only the devices listed here.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/job.h"

namespace pinrig::vm {

enum class QemuMode {
  normal,  ///< driven by pinrig: console to a file, control and QMP on sockets
  shell,   ///< console on the terminal and a shell from the agent; same devices
  gdb,     ///< as shell, but the CPUs wait for a debugger on a Unix socket
};

/// Every path QEMU opens or connects to. Sockets must stay below 108 bytes (sun_path of unix(7)).
struct QemuPaths {
  std::string initramfs;                         ///< one file; empty = none
  std::string console;                           ///< raw bytes of the serial port
  std::string console_pipe;                      ///< PATH.out is a link to it, PATH.in is a FIFO for input
  std::string results;                           ///< raw bytes of the results port
  std::string control_socket;                    ///< we listen
  std::string qmp_socket;                        ///< we listen
  std::string gdb_socket;                        ///< mode gdb: QEMU listens; guests that hold CPUs: we do
  std::map<std::string, std::string> drives;     ///< drive_key() to image; one for every drive of the machine
  std::map<model::Device, std::string> devices;  ///< image of scsi, folder of p9
};

/// Does a test of this machine need `device`?
bool has_device(const model::Machine& machine, model::Device device);

/// "serial:nsid", the name of a namespace everywhere in pinrig.
std::string drive_key(const model::NvmeDrive& drive);

/// QEMU's id of the controller `serial` when it can be unplugged; nothing for all others.
std::optional<std::string> removable_id(const model::Machine& machine, const std::string& serial);

/// "qemu-system-x86_64"
std::string qemu_program(model::Arch arch);
/// The Debian package with that program.
std::string qemu_package(model::Arch arch);

/// What -cpu gets: "host", "max" or "max,pauth-impdef=on".
std::string cpu_model(model::Arch arch, model::Accel accel);
/// Size in MiB of the image for `device` that QEMU opens; nothing for devices without one.
std::optional<int> image_mib(model::Device device);

/// The whole argv. `job.accel` must be resolved (kvm or tcg).
std::vector<std::string> qemu_args(const model::JobSpec& job, const QemuPaths& paths, QemuMode mode);

// Its parts, one per concern.
/// QEMU's system call filter: a guest that breaks out of QEMU starts no program and gains no privilege.
std::vector<std::string> sandbox_args();
std::vector<std::string> base_args();
std::vector<std::string> machine_args(model::Arch arch, model::Accel accel, const model::Machine& machine);
std::vector<std::string> size_args(const model::Machine& machine);
std::vector<std::string> kernel_args(const model::JobSpec& job, const std::string& initramfs, QemuMode mode);
std::string kernel_command_line(const model::JobSpec& job, QemuMode mode);
std::vector<std::string> drive_args(const model::Machine& machine,
                                    const std::map<std::string, std::string>& files);
std::vector<std::string> net_args(const model::Machine& machine);
/// Devices other than NVMe drives (those are in drive_args()).
std::vector<std::string> device_args(const model::JobSpec& job,
                                     const std::map<model::Device, std::string>& files);
std::vector<std::string> console_args(const std::string& console, QemuMode mode);
std::vector<std::string> channel_args(const QemuPaths& paths, QemuMode mode);
std::vector<std::string> qmp_args(const std::string& qmp_socket, QemuMode mode);
/// What makes a dead guest speak: the place of its VMCOREINFO and, where its kernel has a driver, pvpanic.
std::vector<std::string> forensic_args(const model::JobSpec& job);
/// `holds`: tests of this guest hold CPUs.
std::vector<std::string> gdb_args(const std::string& gdb_socket, QemuMode mode, bool holds);

}  // namespace pinrig::vm
