// SPDX-License-Identifier: GPL-2.0
// Parts of a run in detail, and lists of runs.
#pragma once

#include <string>
#include <vector>

#include "report/report.h"

namespace pinrig::report {

/// `pinrig show RUN [CELL [TEST]]`. Without a cell the report of the run; with one its outcome, kernel,
/// events, every test and its files; with "suite/test" also the ledger before and after, the counters that
/// moved, all cases with their details; "suite/test:case" shows that case alone. An unknown cell or test is
/// bad_usage and names the nearest.
Result<std::string> show(const store::Store& store, const store::RunRow& run, const std::string& cell,
                         const std::string& test, const Style& style);

/// `pinrig list`: one line for each run, in the order given.
std::string list_runs(const std::vector<store::RunRow>& runs, const Style& style);

}  // namespace pinrig::report
