// SPDX-License-Identifier: GPL-2.0
// An object directory that is reused, and that a killed build may have left in any state.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "model/kernel.h"

namespace pinrig::kbuild {

/// Marks a directory as being built in. If the mark of an earlier build is still there, that one was killed,
/// and targets that may be half-written are removed: make cannot do so after SIGKILL, and a truncated object
/// that is newer than its source would be linked. Returns how many files were removed.
Result<int> begin_build(const fs::path& objdir);
void end_build(const fs::path& objdir);

/// Removes the objects of these sources, so that their warnings are printed again (quickly, by ccache)
/// although another build in the same directory may have compiled them before. Their notes for gcov go with
/// them: those of another build do not fit what this one counts.
void forget_objects(const fs::path& objdir, const std::vector<std::string>& sources);

/// How many steps a build of this kind took the last time here; a cold build that was never measured uses the
/// number of a 6.12 kernel with the base and pin fragments. 0 = unknown.
int expected_steps(const fs::path& objdir, model::Arch arch, bool cold);
/// Stores the number; a failure to write it only affects the next estimate.
void remember_steps(const fs::path& objdir, bool cold, int steps);

}  // namespace pinrig::kbuild
