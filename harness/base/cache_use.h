// SPDX-License-Identifier: GPL-2.0
// Who uses files of the cache, so that `pinrig gc` does not remove them meanwhile.
#pragma once

#include "base/file.h"

namespace pinrig {

/// From the first call on, until it ends, this process holds CACHE/use.lock shared: what it finds in the
/// cache stays there. Waits while somebody collects. A cache that cannot be locked is left to whoever uses it
/// to complain about. Thread-safe.
void use_cache(const fs::path& cache);

/// The same lock, exclusive; not held (false) when somebody uses the cache.
Result<FileLock> own_cache(const fs::path& cache);

/// Sets the time of a file or folder of the cache to now: it was used. Errors are no matter.
void mark_used(const fs::path& path);

}  // namespace pinrig
