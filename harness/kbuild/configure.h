// SPDX-License-Identifier: GPL-2.0
// From fragments to a .config that satisfies them.
#pragma once

#include <string>
#include <vector>

#include "kbuild/make.h"
#include "kconfig/fragment.h"

namespace pinrig::kbuild {

/// The names, each followed by its arch/NAME.ARCH where there is one, then arch/ARCH: what a configuration is
/// merged from.
std::vector<std::string> all_fragments(const fs::path& project, const std::vector<std::string>& names,
                                       model::Arch arch);
/// Reads configs/fragments/NAME.config for each name, arch/NAME.ARCH.config where there is one, and
/// arch/ARCH.config, and merges them for a kernel version.
Result<kconfig::Request> load_request(const fs::path& project, const std::vector<std::string>& names,
                                      model::Arch arch, const std::string& version);

/// make's arguments that write objdir/.config from objdir/pinrig-all.config.
std::vector<std::string> configure_targets(const Tree& tree);

/// The tree's tinyconfig fragments, applied before the request.
std::vector<std::string> tiny_configs(model::Arch arch);

/// The kernel that errors are about.
struct KernelName {
  std::string label;
  std::string version;  ///< "6.12.117"

  std::string text() const;  ///< "LABEL (VERSION)"
};

/// Writes objdir/.config: the tree's tinyconfig with `request` on top, completed by the kernel's own conf,
/// and checked. An unchanged .config keeps its time, so that nothing is recompiled. Returns the CPU
/// seconds it took. Errors: bad_input with every symbol that does not hold.
Result<double> configure(const Tree& tree, const kconfig::Request& request, const KernelName& kernel,
                         const fs::path& log, const CancelToken& cancel);

}  // namespace pinrig::kbuild
