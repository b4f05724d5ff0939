// SPDX-License-Identifier: GPL-2.0
// Things of the cache are made once and appear whole.
#pragma once

#include <functional>

#include "base/cancel.h"
#include "base/file.h"
#include "base/result.h"

namespace pinrig::image {

/// Unless `target` (file or directory) is there already: takes its lock, lets `make` build `partial` beside
/// it and renames that into place. Two callers make it once. A failure removes the partial thing; what a
/// killed process left behind is removed by the next caller, since nobody else can hold the lock.
Result<void> publish_once(const fs::path& target, const CancelToken& cancel,
                          const std::function<Result<void>(const fs::path& partial)>& make);

/// The lock that goes with a path of the cache; says in the log when it must wait.
Result<FileLock> lock_path(const fs::path& target, const CancelToken& cancel);

/// The token of a context, or one that is never requested.
const CancelToken& token_or_never(const CancelToken* cancel);

}  // namespace pinrig::image
