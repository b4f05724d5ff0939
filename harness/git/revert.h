// SPDX-License-Identifier: GPL-2.0
// Commits taken back, without a checkout. For patches of a series: with_revert() in source.h.
#pragma once

#include <string>
#include <vector>

#include "git/source.h"

namespace pinrig::git {

/// `source`, a commit of the repository `repo`, with these commits of its history reverted, in this order.
/// Only read from `repo`: nothing is checked out there. apply_failed: a merge, or a commit that later ones
/// build on.
Result<Source> without_commits(const Source& source, const std::string& repo,
                               const std::vector<std::string>& commits, const WorkContext& ctx);

}  // namespace pinrig::git
