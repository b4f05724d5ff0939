// SPDX-License-Identifier: GPL-2.0
// A stored run as input for assess/.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "assess/assess.h"
#include "run/inputs.h"
#include "store/store.h"

namespace pinrig::run {

/// The facts of a run, with the rows that they point to.
struct StoredFacts {
  std::vector<std::unique_ptr<std::vector<model::AssessedResult>>> rows;
  std::vector<assess::KernelFacts> kernels;
};
Result<StoredFacts> stored_facts(const store::Store& store, const store::RunRow& run);

/// The expectation files that apply to this run. `started`: its time, which decides what has expired.
assess::Rulebook rulebook_of(const Inputs& inputs, const std::string& started);

/// A run assessed with the expectation files as they are now. Where its run or series file cannot be
/// loaded any more, what the run recorded of them counts.
struct Reassessment {
  assess::RunAssessment assessment;
  std::string note;  ///< why the recorded expectations were taken; empty: today's were
};
/// Nothing is written. bad_input when the run does not say how it was made.
Result<Reassessment> reassess(const store::Store& store, const store::RunRow& run, const fs::path& project);

}  // namespace pinrig::run
