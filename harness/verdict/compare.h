// SPDX-License-Identifier: GPL-2.0
// Base beside tip. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/verdict.h"

namespace pinrig::verdict {

enum class DeltaKind { regression, fixed, fresh, gone, same };
const char* to_string(DeltaKind kind);  ///< "regression", "fixed", "new", "gone", "same"

/// One test or case at two points.
struct Delta {
  DeltaKind kind = DeltaKind::same;
  std::string test;
  std::string case_name;  ///< empty: the test itself
  std::optional<model::Verdict> base;
  std::optional<model::Verdict> tip;
};

/// Worse, better, or as before: verdicts are ordered pass, xfail, skip, then by model::rank(). Worse is a
/// regression (pass to skip too: something is no longer tested); "fixed" is only what ends at pass or xfail,
/// so a crash that became a failure is "same". A test that one side lacks is new or gone, whatever its
/// verdict. Order: as in `tip`, then what is gone in the order of `base`. Of rows with equal names the first
/// counts.
std::vector<Delta> compare(const std::vector<model::TestVerdict>& base,
                           const std::vector<model::TestVerdict>& tip);

}  // namespace pinrig::verdict
