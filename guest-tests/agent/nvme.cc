// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <fcntl.h>
#include <linux/nvme_ioctl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "counters.h"
#include "devices.h"
#include "sys.h"

namespace pinrig::agent {
namespace {

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> out;
  DIR* dir = opendir(folder.c_str());
  if (!dir) return out;
  while (const dirent* entry = readdir(dir)) {
    if (entry->d_name[0] != '.') out.emplace_back(entry->d_name);
  }
  closedir(dir);
  return out;
}

// Namespace Attachment, NVM Express Base Specification 2.0 section 5.16: the controller list names one
// controller.
int attach(const std::string& controller, std::uint32_t nsid) {
  constexpr std::uint8_t opcode = 0x15;
  alignas(4096) static std::array<std::uint16_t, 2048> list{};
  const auto id = parse_int(read_attribute("/sys/class/nvme/" + controller + "/cntlid"));
  const UniqueFd fd(open(("/dev/" + controller).c_str(), O_RDWR | O_CLOEXEC));
  if (!id || !fd) return ENODEV;
  list[0] = 1;
  list[1] = static_cast<std::uint16_t>(*id);
  nvme_admin_cmd command{};
  command.opcode = opcode;
  command.nsid = nsid;
  command.addr = reinterpret_cast<std::uintptr_t>(list.data());
  command.data_len = sizeof list;
  const int status = ioctl(fd.get(), NVME_IOCTL_ADMIN_CMD, &command);
  return status < 0 ? errno : status;
}

// Namespaces wait for the first test that needs them, so that a boot does not (harness/vm/qemu_args.cc,
// detached=on). One that cannot be attached is missing in the end, which is what is reported.
void attach_missing(const std::vector<std::string>& wanted) {
  const auto found = nvme_namespaces();
  for (const auto& controller : names_in("/sys/class/nvme")) {
    const std::string serial = read_attribute("/sys/class/nvme/" + controller + "/serial") + ":";
    for (const auto& key : wanted) {
      if (!key.starts_with(serial) || found.contains(key)) continue;
      const auto nsid = parse_int(std::string_view(key).substr(serial.size()));
      if (const int error = nsid ? attach(controller, static_cast<std::uint32_t>(*nsid)) : EINVAL)
        note("NVMe namespace " + key + " cannot be attached: " + std::to_string(error));
    }
  }
}

void link_drive(const std::string& key, const std::string& device) {
  const auto colon = key.rfind(':');
  std::string name = key.substr(0, colon) + "-n" + key.substr(colon + 1);
  for (char& c : name) {
    if (c == '/' || c == ' ') c = '_';
  }
  const std::string path = "/dev/pin/" + name;
  unlink(path.c_str());
  if (symlink(device.c_str(), path.c_str()) != 0) note("cannot link " + path);
}

}  // namespace

std::map<std::string, std::string> nvme_namespaces() {
  std::map<std::string, std::string> out;
  for (const auto& name : names_in("/sys/block")) {
    if (!name.starts_with("nvme")) continue;
    const std::string folder = "/sys/block/" + name;
    // With native multipath `device` is the subsystem, which has a serial too, and the paths (nvme0c0n1) have
    // no node.
    const std::string serial = read_attribute(folder + "/device/serial");
    const std::string nsid = read_attribute(folder + "/nsid");
    const std::string node = "/dev/" + name;
    if (!serial.empty() && !nsid.empty() && access(node.c_str(), F_OK) == 0) out[serial + ":" + nsid] = node;
  }
  return out;
}

std::map<std::string, std::string> find_drives(const std::vector<std::string>& wanted, Uevents& uevents,
                                               double limit_ms) {
  std::map<std::string, std::string> found;
  attach_missing(wanted);
  uevents.wait_until(
      [&] {
        found = nvme_namespaces();
        for (const auto& key : wanted) {
          if (!found.contains(key)) return false;
        }
        return true;
      },
      limit_ms);
  mkdir("/dev/pin", 0755);
  for (const auto& [key, device] : found) link_drive(key, device);
  return found;
}

}  // namespace pinrig::agent
