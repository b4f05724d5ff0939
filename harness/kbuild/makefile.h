// SPDX-License-Identifier: GPL-2.0
// Which lines of kbuild's Makefiles decide whether an object is built. Pure.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/kernel.h"

namespace pinrig::kbuild {

/// A line of a Makefile that puts an object or a folder on one of kbuild's lists.
struct ObjectLine {
  std::string file;  ///< "drivers/nvme/host/Makefile"
  int line = 0;
  std::string text;                  ///< "obj-$(CONFIG_NVME_CORE) += nvme-core.o", the object alone
  std::vector<std::string> symbols;  ///< CONFIG_ names on which it and the conditionals around it depend
};

/// A way for an object onto a list: the line that names it, then that of the object composed of it, and so
/// on.
using ObjectWay = std::vector<ObjectLine>;

/// Every way of `object` ("pci.o", "host/") in a Makefile. What make computes (functions, variables other
/// than CONFIG_ ones) is not followed.
std::vector<ObjectWay> object_ways(std::string_view makefile, const std::string& file,
                                   const std::string& object);

/// The text of a file of the tree; nothing when it has none by that name.
using ReadTree = std::function<std::optional<std::string>(const std::string& path)>;

/// Why nothing of a file of the kernel's code is in a kernel with this configuration, with the way out where
/// the Makefiles of its folder and those above say one: "CONFIG_NVME_TCP is not set
/// (drivers/nvme/host/Makefile:30: obj-$(CONFIG_NVME_TCP) += nvme-tcp.o)". `config`: the effective .config.
std::string why_unbuilt(const std::string& path, model::Arch arch, std::string_view config,
                        const ReadTree& read);

}  // namespace pinrig::kbuild
