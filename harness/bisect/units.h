// SPDX-License-Identifier: GPL-2.0
// What counts as one observation. Runs that share a guest are usually
// independent; a red that the kernel decides when it boots (an address, a hash
// seed, a race in a probe) is red in all runs of a guest or in none, and then
// four clean runs in one guest say no more than one.
#pragma once

#include <vector>

#include "bisect/history.h"
#include "bisect/observation.h"

namespace pinrig::bisect {

enum class Unit {
  run,   ///< every run
  boot,  ///< every guest
};

/// Runs of a guest when a guest is the unit: two, so that a guest with both
/// answers can still show that runs differ.
inline constexpr int runs_of_a_boot = 2;

/// boot: at the points that have the red some guests are red and others clean,
/// one of two or more runs is all red, and no guest has both. Wrong for a red
/// that is merely frequent, until a guest has both; that costs boots, never the
/// answer.
Unit unit_of(const History& history, const std::vector<Observation>& seen);

/// One observation for each guest, where its first run was: red if any run was
/// red, else clean if any was clean, else its last one. What has no run id
/// stays as it is.
std::vector<Observation> by_guest(const std::vector<Observation>& seen);

}  // namespace pinrig::bisect
