// SPDX-License-Identifier: GPL-2.0
// Private to report.
#pragma once

#include <set>
#include <string>

#include "report/digest.h"

namespace pinrig::report {

/// Tests without a result because their guest was lost or has not ended: they mean nothing by themselves.
std::set<std::string> untested(const KernelData& kernel);
/// Tests and cases of a kernel, as input of assess::compare(), without some tests.
assess::Results results_without(const KernelData& kernel, const std::set<std::string>& tests);
/// The row of the test or case that `d` names; null when the kernel has none.
const Row* row_of(const KernelData& kernel, const assess::Delta& d);
/// Fills changes, not_compared and compared: for each architecture and configuration, base against last
/// point. Tests that were lost with a guest, or whose kernel was not built, are excluded on both sides.
void add_changes(Digest& d);

}  // namespace pinrig::report
