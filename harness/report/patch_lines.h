// SPDX-License-Identifier: GPL-2.0
// How much of each patch the tests ran, for the renderers. Private to report.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "report/run_data.h"

namespace pinrig::report {

/// coverage.json of a run; nothing for one without --coverage.
Result<std::optional<coverage::RunCoverage>> measured_by(const store::RunRow& run);
/// What the coverage kernel with this id counted; null for other kernels.
const coverage::KernelLines* lines_of(const RunData& data, const std::string& kernel);
/// "SUITE/TEST: its guest sent no counters", one for each test without.
std::vector<std::string> not_counted(const coverage::KernelLines& kernel);
/// `patch 7: 31 of 34 changed lines ran in 14 tests; never: block/bio.c:1341-1343`, one per patch, then what
/// could not be counted.
std::vector<std::string> patch_texts(const RunData& data, const coverage::KernelLines& kernel);
/// The same as values, with the tests of each line.
nlohmann::ordered_json patches_json(const RunData& data, const coverage::KernelLines& kernel);

}  // namespace pinrig::report
