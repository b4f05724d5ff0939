// SPDX-License-Identifier: GPL-2.0
// Parts of a run in detail.
#pragma once

#include <string>

#include "report/report.h"

namespace pinrig::report {

/// `pinrig show RUN [GUEST [TEST]]`. Without a guest the report of the run; with one its outcome, kernel,
/// kernel log, every test and its files; with "suite/test" also the ledger before and after, the counters
/// that moved, all cases with their details; "suite/test:case" shows that case alone. An unknown guest or
/// test is bad_usage and names the nearest.
Result<std::string> show(const store::Store& store, const store::RunRow& run, const Selection& what,
                         const Style& style);

}  // namespace pinrig::report
