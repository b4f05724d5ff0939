// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

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

// For a guest that was not told which drives to expect.
bool every_controller_has_a_namespace() {
  const auto found = nvme_namespaces();
  for (const auto& name : names_in("/sys/class/nvme")) {
    const std::string serial = read_attribute("/sys/class/nvme/" + name + "/serial") + ":";
    const auto at = found.lower_bound(serial);
    if (at == found.end() || !at->first.starts_with(serial)) return false;
  }
  return true;
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
  uevents.wait_until(
      [&] {
        found = nvme_namespaces();
        if (wanted.empty()) return every_controller_has_a_namespace();
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
