// SPDX-License-Identifier: GPL-2.0
// The tree's own commands for gdb (lx-symbols, lx-dmesg, lx-ps, ...) next to vmlinux.
#pragma once

#include <string_view>

#include "base/file.h"
#include "base/result.h"

namespace pinrig::kbuild {

/// make's target that generates them; `all` has it, `vmlinux` has not (the tree's top Makefile).
inline constexpr const char* gdb_scripts_target = "scripts_gdb";

/// Whether a .config has that target: CONFIG_GDB_SCRIPTS.
bool has_gdb_scripts(std::string_view config);

/// Copies vmlinux-gdb.py and what it imports (scripts/gdb/linux/*.py) from an object directory, where most
/// are links into the tree, as files of their own. Nothing where there are none.
Result<void> copy_gdb_scripts(const fs::path& objdir, const fs::path& to);

}  // namespace pinrig::kbuild
