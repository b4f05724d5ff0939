// SPDX-License-Identifier: GPL-2.0
// The search for the change of a rate: both ends have the red, one of them less often. After
// hauntsaninja/git_bayesect. Private to the module.
#pragma once

#include <optional>
#include <vector>

#include "bisect/history.h"
#include "bisect/observation.h"

namespace pinrig::bisect {

/// P(the rate changes with this point | what was seen), by point; 0 for the older end. Both rates are
/// unknown, each with a Jeffreys prior, so that B(1/2 + red, 1/2 + clean) of either side is the likelihood.
std::vector<double> posterior(const History& history, const std::vector<Observation>& seen);

/// The point whose next run leaves the least expected entropy, of those with the same the one nearest to the
/// middle; nothing when no point can tell more. `skipped` points are not asked.
std::optional<int> most_telling(const History& history, const std::vector<Observation>& seen,
                                const std::vector<double>& posterior, const PointSet& skipped);

}  // namespace pinrig::bisect
