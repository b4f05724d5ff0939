// SPDX-License-Identifier: GPL-2.0
// Results of kernels that were not booted because an earlier point has the same code.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/guest.h"
#include "store/store.h"

namespace pinrig::run {

/// The kernel of a plan whose results kernel `i` may have: of the earlier points of its architecture and
/// configuration the nearest one with a known code, if that is its own. `codes`: kbuild::code_of() each
/// kernel; empty = not built, or not known. `tip_states`: the tests of the tip are told capabilities, those
/// of other points find them out; then the tip may have no other point's results.
std::optional<std::size_t> equal_before(const std::vector<model::Kernel>& kernels,
                                        const std::vector<std::string>& codes, std::size_t i,
                                        bool tip_states);

/// Gives each guest of a kernel with KernelRow::inherits the outcome, rows and messages of the same guest of
/// that kernel, where it has any. Its folder is that of the guest that ran; it has no attempts and took no
/// time. May be called again.
Result<void> inherit_results(store::Store& store, const std::string& run_id);

}  // namespace pinrig::run
