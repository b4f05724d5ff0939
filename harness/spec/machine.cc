// SPDX-License-Identifier: GPL-2.0
// configs/machines/NAME.yaml
#include <algorithm>

#include "base/text.h"
#include "spec/places.h"
#include "spec/spec.h"

namespace pinrig::spec {
namespace {

using model::Machine;
using model::NvmeDrive;

/// File systems that images can be made of on the host without root.
const std::vector<std::string>& filesystems() {
  static const std::vector<std::string> words{"ext2", "ext4", "vfat", "xfs"};
  return words;
}

NvmeDrive read_drive(Reader& r, const Node& n) {
  NvmeDrive d;
  const Fields f(r, n, Section::nvme_drive);
  if (!r.ok()) return d;
  if (const Node* v = f.need("serial")) {
    d.serial = r.word(*v, "serial");
    // The serial number field of the Identify Controller structure has 20 bytes.
    if (d.serial.size() > 20)
      r.fail(*v, fmt::format("serial: '{}' is longer than 20 characters, the maximum in NVMe", d.serial));
  }
  // QEMU's NVME_MAX_NAMESPACES is 256.
  set(f, "nsid", d.nsid, [&](const Node& v) { return r.whole(v, "nsid", 1, 256); });
  set(f, "size", d.size_mib, [&](const Node& v) { return r.size_mib(v, "size", false); });
  set(f, "iops", d.iops, [&](const Node& v) { return r.whole(v, "iops", 1, 1000000); });
  if (const Node* v = f.get("fs")) d.fs = filesystems()[r.choice(*v, "fs", filesystems())];
  return d;
}

std::vector<NvmeDrive> read_drives(Reader& r, const Node& n) {
  std::vector<NvmeDrive> out;
  for (const auto& item : r.list_or_none(n, "nvme")) {
    NvmeDrive d = read_drive(r, item);
    for (const auto& o : out) {
      if (r.ok() && o.serial == d.serial && o.nsid == d.nsid)
        r.fail(item, fmt::format("nvme: duplicate serial '{}' with nsid {}", d.serial, d.nsid),
               "namespaces of one controller need different nsids");
    }
    out.push_back(std::move(d));
  }
  return out;
}

void read_machine(Reader& r, const Fields& f, Machine& m) {
  set(f, "cpus", m.cpus, [&](const Node& n) { return r.whole(n, "cpus", 1, 256); });
  set(f, "memory", m.memory_mib, [&](const Node& n) { return r.size_mib(n, "memory", false); });
  set(f, "nvme", m.nvme, [&](const Node& n) { return read_drives(r, n); });
  set(f, "net", m.net, [&](const Node& n) { return r.truth(n, "net"); });
  set(f, "hugepages_2m", m.hugepages_2m,
      [&](const Node& n) { return r.whole(n, "hugepages_2m", 0, 1 << 19); });
  set(f, "swap", m.swap_mib, [&](const Node& n) { return r.size_mib(n, "swap", true); });
  set(f, "kernel_args", m.kernel_args, [&](const Node& n) { return r.texts_or_none(n, "kernel_args"); });
  if (r.ok() && m.hugepages_2m * 2 >= m.memory_mib)
    r.fail(f.get("hugepages_2m") != nullptr ? *f.get("hugepages_2m") : f.node(),
           fmt::format("hugepages_2m: {} pages of 2 MiB do not fit into {} MiB of memory", m.hugepages_2m,
                       m.memory_mib),
           "give the machine more memory or reserve fewer");
}

Result<Machine> load(const fs::path& project, const std::string& name, std::vector<std::string>& chain) {
  PINRIG_TRY(file, find_named(project, machine_place(), name));
  PINRIG_TRY(root, read_tree(file));
  chain.push_back(name);
  Reader r(shown_path(file));
  const Fields f(r, root, Section::machine);
  if (!r.ok()) return r.error();
  Machine m;
  if (const Node* n = f.get("extends")) {
    check_named(r, *n, "extends", project, machine_place());
    if (r.ok() && std::find(chain.begin(), chain.end(), n->text) != chain.end())
      r.fail(*n, fmt::format("extends: cycle: {} -> {}", join(chain, " -> "), n->text),
             "remove 'extends' from one of them");
    if (!r.ok()) return r.error();
    PINRIG_TRY(parent, load(project, n->text, chain));
    m = std::move(parent);
  }
  m.name = name;
  if (const Node* n = f.get("name"); n != nullptr && r.word(*n, "name") != name)
    r.fail(*n, fmt::format("name: '{}' must equal the file's name '{}', which other files refer to", n->text,
                           name));
  if (r.ok()) read_machine(r, f, m);
  if (!r.ok()) return r.error();
  return m;
}

}  // namespace

Result<Machine> load_machine(const fs::path& project, const std::string& name) {
  std::vector<std::string> chain;
  return load(project, name, chain);
}

}  // namespace pinrig::spec
