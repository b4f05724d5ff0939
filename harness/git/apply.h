// SPDX-License-Identifier: GPL-2.0
// Patches on a commit without a checkout. Private to the module.
#pragma once

#include "git/series_read.h"

namespace pinrig::git {

/// Applies `patches` in order on source.commit as commits under `ref`; stops at the first that does not
/// apply. `temp` is an empty directory; `objects` (may be empty) lends blobs to three-way merges.
Result<AppliedSeries> apply_patches(const Git& git, const Source& source, const std::vector<Patch>& patches,
                                    const std::string& ref, const fs::path& temp, const fs::path& objects);

/// Fills in tree, patch_id and version of commits that follow each other on `source`. `env` is git's.
Result<void> identify(const Git& git, const Source& source, const std::map<std::string, std::string>& env,
                      std::vector<Applied>& patches);

/// What was remembered of an applied series under `key`, if anything.
std::optional<AppliedSeries> recall(const fs::path& repo, const std::string& key);
Result<void> remember(const fs::path& repo, const std::string& key, const AppliedSeries& applied);

}  // namespace pinrig::git
