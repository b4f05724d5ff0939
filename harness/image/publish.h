// SPDX-License-Identifier: GPL-2.0
// Creates files and directories of the cache once, atomically.
#pragma once

#include <functional>

#include "base/cancel.h"
#include "base/file.h"
#include "base/result.h"
#include "image/guest_image.h"

namespace pinrig::image {

/// Unless `target` (file or directory) exists, a file with the content it was published with: takes its lock,
/// lets `make` build `partial` in the same directory and renames that to `target`. Two callers create it
/// once. A failure removes the partial result; leftovers of a killed process are removed by the next caller,
/// which holds the lock.
Result<void> publish_once(const fs::path& target, const WorkContext& ctx,
                          const std::function<Result<void>(const fs::path& partial)>& make);

/// The lock of a path of the cache; the context's progress names its holder while waiting.
Result<FileLock> lock_path(const fs::path& target, const WorkContext& ctx);

}  // namespace pinrig::image
