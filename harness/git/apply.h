// SPDX-License-Identifier: GPL-2.0
// Patches on a commit without a checkout. Private to the module.
#pragma once

#include "git/index.h"
#include "git/series_read.h"

namespace pinrig::git {

/// Applies `patches` in order on source.commit as commits under `ref`; stops at the first that does not
/// apply. `temp` is an empty directory; `objects` (may be empty) lends blobs to three-way merges, and what
/// the new commits hold of them is copied. bad_input: a path that leaves the tree, a patch that changes
/// nothing.
Result<AppliedSeries> apply_patches(const Git& git, const Source& source, const std::vector<Patch>& patches,
                                    const std::string& ref, const fs::path& temp, const fs::path& objects);

/// Says why `patch` was refused: git's message, the place in the user's file, and a hint.
Result<ApplyFailure> explain(const Index& index, const Source& source, int number, const Patch& patch,
                             const std::string& said);

/// Fills in tree, patch_id and version of commits that follow each other on `source`. `env` is git's.
Result<void> identify(const Git& git, const Source& source, const std::map<std::string, std::string>& env,
                      std::vector<Applied>& patches);

/// The cached result of an applied series under `key`, if its commits and trees still exist: blobs may be
/// borrowed from a user's clone, whose garbage collection may remove them.
std::optional<AppliedSeries> recall(const Git& git, const fs::path& repo, const std::string& key);
Result<void> remember(const fs::path& repo, const std::string& key, const AppliedSeries& applied);

}  // namespace pinrig::git
