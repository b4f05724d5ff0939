// SPDX-License-Identifier: GPL-2.0
// Lines of nights drawn with letters, for tests.
#pragma once

#include <string>

#include "history/line.h"

namespace pinrig::history {

/// One line for each row: "COLUMN NAME CELLS", newest night left. COLUMN is x86_64, aarch64, or with a point
/// in front "tip/x86_64"; NAME is SUITE/TEST, SUITE/TEST:CASE, or of the column itself @kernel (a letter for
/// each kernel), @accel (t, k) or @build (o: built, x: not built, -: not part of the run). Cells: . pass, F
/// fail, L leak, C crash, T timeout, x known issue, X known issue not seen, s skip that is not expected, -
/// one that is, ! error, ? missing, _ no such row.
Line draw(const std::string& text);

}  // namespace pinrig::history
