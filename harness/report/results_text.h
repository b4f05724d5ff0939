// SPDX-License-Identifier: GPL-2.0
// The results of one guest that no store has: what `pinrig rerun` prints.
#pragma once

#include <string>
#include <vector>

#include "model/verdict.h"
#include "report/report.h"

namespace pinrig::report {

/// Every test in a line with its pins; below one that failed everything that says why: cases, what it
/// printed, the kernel log. `results`: tests, each followed by its cases.
std::string results_text(const std::vector<model::TestResult>& results,
                         const std::vector<model::KernelEvent>& events, const Style& style);

}  // namespace pinrig::report
