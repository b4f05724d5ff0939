// SPDX-License-Identifier: GPL-2.0
// Who is to know about a commit.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/work.h"

namespace pinrig::git {

/// The author and those that the tags of a commit name, "Reviewed-by: NAME <ADDR>", each address once; the
/// author first. bad_input when there is no such commit.
Result<std::vector<std::string>> people_of(const std::string& repo, const std::string& commit,
                                           const WorkContext& ctx);

}  // namespace pinrig::git
