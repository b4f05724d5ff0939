// SPDX-License-Identifier: GPL-2.0
// What goes into a guest: a sysroot to link against, our static programs, and the initramfs that contains
// them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "base/work.h"
#include "model/kernel.h"

namespace pinrig::image {

/// The sysroot of an architecture (images/sysroot.packages), created once by
/// mmdebstrap --variant=extract: no dpkg multiarch, no root, no emulation. Returns its path.
Result<fs::path> ensure_sysroot(model::Arch arch, const WorkContext& ctx);

/// Builds guest-tests/ for an architecture, static, in the cache (incremental). Returns the directory with
/// `agent` and `tests/SUITE/NAME`, whose name is derived from the content of the sources: another checkout
/// with the same sources finds it. It is not written to again. Error programs_failed with the first error
/// of CMake, the compiler or the linker.
Result<fs::path> build_guest_programs(model::Arch arch, const fs::path& sysroot, const WorkContext& ctx);

/// The base initramfs of images/initramfs.manifest (agent as /init, our tests below /tests), as a
/// cpio "newc" archive in the cache, keyed by content. Reproducible: same input, same bytes.
Result<fs::path> base_initramfs(model::Arch arch, const fs::path& programs, const fs::path& sysroot,
                                const WorkContext& ctx);

/// What an interactive guest has in addition (images/shell.manifest), created the same way.
Result<fs::path> shell_initramfs(model::Arch arch, const fs::path& programs, const fs::path& sysroot,
                                 const WorkContext& ctx);

/// A second archive with those of the kernel tree's `selftests` that are named, below /tests/kernel. A name
/// without a program is ignored: the tree may lack it.
Result<fs::path> selftests_initramfs(const fs::path& selftests, const std::vector<std::string>& names,
                                     const WorkContext& ctx);

/// The sysroot that the tools below come from (images/full.packages), created like the other one.
Result<fs::path> ensure_tools_sysroot(model::Arch arch, const WorkContext& ctx);

/// A third archive with `tools` of the distribution (names of images/full.tools) and the shared libraries
/// that they need, for guests whose tests ask for them. Error bad_input for a name that full.tools does not
/// describe.
Result<fs::path> tools_initramfs(model::Arch arch, const std::vector<std::string>& tools,
                                 const WorkContext& ctx);

/// A raw drive image with a file system made on the host (ext4 by mke2fs), cached; `size_mib` large, sparse.
Result<fs::path> filesystem_image(const std::string& fs_type, int size_mib, const WorkContext& ctx);

}  // namespace pinrig::image
