// SPDX-License-Identifier: GPL-2.0
// What a search is about: its points, and the run that tests one of them. Private to the module.
#pragma once

#include "bisection/bisection.h"

namespace pinrig::bisection {

/// The options of a run of the search's test at a point; reverted_point is the tip with patch `culprit`
/// reverted.
run::RunOptions run_options(const bisect::Log& log, int point, int culprit);

/// Points of the series or of the range, read and applied.
Result<std::vector<bisect::Point>> points_of(const bisect::Log& log, const Services& services);

/// Fills in what is not given from the last run: the test with an unexpected red, series, base, architecture.
/// bad_usage when there is none, or several (the hint lists them).
Result<void> take_red_of_last_run(BisectOptions& options, const Services& services);

}  // namespace pinrig::bisection
