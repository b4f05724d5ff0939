// SPDX-License-Identifier: GPL-2.0
// Which commit last touched each line of a file.
#pragma once

#include <optional>
#include <string>

#include "git/source.h"

namespace pinrig::git {

/// `git blame --porcelain` of `path` at `to` over the commits since `from`; nothing when `to` has no such
/// file.
Result<std::optional<std::string>> blame(const Source& source, const std::string& from, const std::string& to,
                                         const std::string& path, const WorkContext& ctx);

}  // namespace pinrig::git
