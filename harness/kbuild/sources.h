// SPDX-License-Identifier: GPL-2.0
// Which files of the tree a build was made of, by what kbuild writes next to each object: .foo.o.cmd.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace pinrig::kbuild {

/// The source and every header that a .cmd file of kbuild names (fixdep's source_ and deps_), as written
/// there. None for a target that is not compiled. Pure.
std::vector<std::string_view> sources_in_cmd(std::string_view text);

/// The files of `source` that went into the targets in `objdir`, relative, sorted. A .cmd file whose target
/// is gone does not count. infra: the directory cannot be read.
Result<std::vector<std::string>> sources_of(const fs::path& objdir, const fs::path& source);

}  // namespace pinrig::kbuild
