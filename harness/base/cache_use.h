// SPDX-License-Identifier: GPL-2.0
// Marks the cache as in use, so that `pinrig gc` does not remove files from it.
#pragma once

#include "base/file.h"

namespace pinrig {

/// From the first call on, until it ends, this process holds CACHE/use.lock shared: what it finds in the
/// cache stays there. Waits while a `pinrig gc` runs. Ignores a cache that cannot be locked: its users report
/// that. Thread-safe.
void use_cache(const fs::path& cache);

/// The same lock, exclusive; not held (false) if the cache is in use.
Result<FileLock> own_cache(const fs::path& cache);

/// Sets the time of a file or folder of the cache to now: it was used. Errors are ignored.
void mark_used(const fs::path& path);

}  // namespace pinrig
