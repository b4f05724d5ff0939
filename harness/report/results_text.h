// SPDX-License-Identifier: GPL-2.0
// The results of one guest that are not in the store: what `pinrig rerun` prints.
#pragma once

#include <string>
#include <vector>

#include "model/verdict.h"
#include "report/report.h"

namespace pinrig::report {

/// Every test in a line with its pins; below a failed one, everything that explains it: cases, its output,
/// the kernel log. `results`: tests, each followed by its cases.
std::string results_text(const std::vector<model::TestResult>& results,
                         const std::vector<model::KernelEvent>& events, const Style& style);

}  // namespace pinrig::report
