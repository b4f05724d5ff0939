// SPDX-License-Identifier: GPL-2.0
// Results of kernels that were not booted because an earlier point has the same code.
#pragma once

#include <string>

#include "store/store.h"

namespace pinrig::run {

/// Gives each guest of a kernel with KernelRow::inherits the outcome, rows and messages of the same guest of
/// that kernel, where it has any. Its folder is that of the guest that ran; it has no attempts and took no
/// time. May be called again.
Result<void> inherit_results(store::Store& store, const std::string& run_id);

}  // namespace pinrig::run
