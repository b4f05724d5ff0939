// SPDX-License-Identifier: GPL-2.0
// Compares two kernels: the only comparison, used for exit code, summary, tables and every machine format.
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/verdict.h"

namespace pinrig::assess {

enum class DeltaKind { regression, fixed, fresh, gone, same };
const char* to_string(DeltaKind kind);  ///< "regression", "fixed", "new", "gone", "same"

/// One side of a comparison.
struct Seen {
  model::Verdict verdict = model::Verdict::missing;
  std::int64_t pages = 0;                 ///< base pages outstanding after the test; 0 for cases
  std::map<std::string, double> numbers;  ///< measured by the test: not judged, only reported

  bool operator==(const Seen&) const = default;
};

/// One test or case on two kernels.
struct Delta {
  DeltaKind kind = DeltaKind::same;
  std::string test;
  std::string case_name;  ///< empty: the test itself
  std::optional<Seen> before;
  std::optional<Seen> after;
};

using Results = std::vector<const model::TestResult*>;

/// Worse, better, or as before: verdicts are ordered pass, xfail, skip, then by model::rank(). Worse is a
/// regression (pass to skip too: something is no longer tested), and so is a leak of more pages than before.
/// "fixed" is only what ends at pass or xfail, so a crash that became a failure is "same". A row that exists
/// on one side only is new or gone, whatever its verdict. Order: as in `after`, then what is gone in the
/// order of `before`. Of rows with equal names the first counts.
std::vector<Delta> compare(const Results& before, const Results& after);

}  // namespace pinrig::assess
