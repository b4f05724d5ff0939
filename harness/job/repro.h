// SPDX-License-Identifier: GPL-2.0
// Files written before a guest starts: the job, the script that reproduces it, and the origin of everything.
#pragma once

#include <map>
#include <string>

#include "base/file.h"
#include "model/job.h"

namespace pinrig::job {

/// Writes dir/job.json and dir/repro.sh (mode 0755). `pinrig` is this program's own path.
Result<void> write_repro(const model::JobSpec& job, const fs::path& dir, const fs::path& pinrig);

/// Writes dir/manifest.json: SHA-256 of every file named (by its role) and of every drive ("serial:nsid"),
/// and the facts given.
Result<void> write_manifest(const fs::path& dir, const std::map<std::string, fs::path>& files,
                            const std::map<std::string, fs::path>& drives,
                            const std::map<std::string, std::string>& facts);

/// SHA-256 of a file of the cache that may be large and does not change: stored in IMAGE.sha256, with the
/// image's size and modification time, and recomputed when these differ.
Result<std::string> cached_sha256(const fs::path& image);

/// The program that is running, for repro.sh: after a rebuild the new one in its place.
fs::path own_program();
/// What /proc/self/exe means as a path, without the " (deleted)" of a file that was replaced.
fs::path existing_program(const std::string& link);

}  // namespace pinrig::job
