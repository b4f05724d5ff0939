// SPDX-License-Identifier: GPL-2.0
// Private to report.
#pragma once

#include "report/digest.h"

namespace pinrig::report {

/// Fills changes, not_compared and compared: for each architecture and configuration base against last
/// point. Tests that were lost with a guest, or whose kernel was not built, are excluded on both sides.
void add_changes(Digest& d);

}  // namespace pinrig::report
