// SPDX-License-Identifier: GPL-2.0
// Things of the cache are made once and appear whole.
#pragma once

#include <functional>

#include "base/cancel.h"
#include "base/file.h"
#include "base/result.h"
#include "image/guest_image.h"

namespace pinrig::image {

/// Unless `target` (file or directory) is there already, a file with the content that it was published with:
/// takes its lock, lets `make` build `partial` beside it and renames that into place. Two callers make it
/// once. A failure removes the partial thing; what a killed process left behind is removed by the next
/// caller, since nobody else can hold the lock.
Result<void> publish_once(const fs::path& target, const Context& ctx,
                          const std::function<Result<void>(const fs::path& partial)>& make);

/// The lock that goes with a path of the cache; the context's progress says for whom it waits.
Result<FileLock> lock_path(const fs::path& target, const Context& ctx);

/// The token of a context, or one that is never requested.
const CancelToken& token_or_never(const CancelToken* cancel);

}  // namespace pinrig::image
