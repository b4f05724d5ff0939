// SPDX-License-Identifier: GPL-2.0
// What `pinrig cover` takes from kernel configurations and runs of `pinrig prove`.
#pragma once

#include <string>
#include <vector>

#include "job/services.h"
#include "report/review.h"

namespace pinrig::cli {

/// The kernel's options that matter to a test of pins: `with` every one of these .config texts, and `without`
/// in all of them. Those that differ are in neither. Pure.
void add_kernel_options(const std::vector<std::string>& configs, report::CoverFacts& facts);

/// The page size of a .config text: "4 KiB". Pure.
const char* page_size_of(const std::string& config);

/// The faults that tests of the run declare (`proof:` in suite.yaml), and those of them that runs of
/// `pinrig prove` in the store detected.
Result<void> add_proofs(const fs::path& project, const store::Store& store, const store::RunRow& run,
                        report::CoverFacts& facts);

}  // namespace pinrig::cli
