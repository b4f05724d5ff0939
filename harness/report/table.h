// SPDX-License-Identifier: GPL-2.0
// The table tests × points. Private to report.
#pragma once

#include <string>

#include "report/run_data.h"
#include "report/text_layout.h"

namespace pinrig::report {

/// Rows are tests (grouped by suite), columns are kernels: per architecture the base first. Each cell has the
/// verdict, the pins acquired/released, the pages left pinned, and the case counts. Falls back to narrower
/// layouts and then to one block per architecture, so that nothing is cut off.
std::string table(const RunData& data, const Painter& p);

/// "✓ pass", "✗ leak", "✓ leak (as expected)"; `label` 0 is the longest wording.
std::string verdict_text(const Row& row, const Painter& p, int label);
/// "4096/4096", "1024/0 +1024", "n/a"; empty without a ledger.
std::string pins_text(const Row& row, const Painter& p);
/// "504 pass, 4 xfail, 270 skip", the unexpected ones first: one piece for each verdict.
std::vector<std::string> case_counts(const TestData& t, const Painter& p);
}  // namespace pinrig::report
