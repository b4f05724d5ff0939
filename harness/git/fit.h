// SPDX-License-Identifier: GPL-2.0
// Where the hunks of a patch are in the files that it made. Pure. Private to the module.
#pragma once

#include <string_view>
#include <vector>

#include "git/index.h"
#include "model/patch_fit.h"

namespace pinrig::git {

/// The hunks of `diff` that are not where it says, by the files before and after it was applied, which need
/// not hold more than those that it changes. A hunk counts as found where the file before has its old lines
/// and the file after its new ones, with as much context as possible, next to where it should be. Of a patch
/// that was `merged`, only the file after is asked; what is found nowhere was merged into something else and
/// is not in the list.
std::vector<model::MovedHunk> moved_hunks(std::string_view diff, int strip, const Texts& before,
                                          const Texts& after, bool merged);

}  // namespace pinrig::git
