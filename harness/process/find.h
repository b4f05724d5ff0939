// SPDX-License-Identifier: GPL-2.0
// Finds programs as execvp(3) would. Private to the module.
#pragma once

#include "process/process.h"

namespace pinrig::process {

/// In the directories of `path` (colon-separated, as PATH); a name with '/' is taken relative to `cwd`
/// (empty: ours), where the child will be. Empty when there is no such executable file.
fs::path find_in_path(const std::string& name, const std::string& path, const fs::path& cwd);

/// find_in_path with our own PATH.
fs::path find_program_from(const std::string& name, const fs::path& cwd);

}  // namespace pinrig::process
