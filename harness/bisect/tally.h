// SPDX-License-Identifier: GPL-2.0
// Observations counted by point.
#pragma once

#include <vector>

#include "bisect/history.h"
#include "bisect/observation.h"

namespace pinrig::bisect {

struct Tally {
  int red = 0;
  int clean = 0;
  int other = 0;
  int skips = 0;
  int infra = 0;
  int infra_in_a_row = 0;  ///< at the end

  int runs() const { return red + clean; }  ///< that answered
  void count(Seen seen);
};

/// The counts of each point. Points with the same kernel image have theirs together, except in `own`.
struct Tallies {
  Tallies(const History& history, const std::vector<Observation>& seen);
  const Tally& at(int point) const { return all[static_cast<std::size_t>(point)]; }

  std::vector<Tally> own;
  std::vector<Tally> all;
  std::vector<Tally> calibration;  ///< known and calibrate
  std::vector<Tally> verified;     ///< verify and ends: made after the search, in guests of their own
  std::vector<Tally> ends;         ///< ends alone
  Tally reverted;                  ///< of the newer end with the culprit reverted
};

enum class State { unknown, red, clean, skipped };
/// A point is red at its first red run, and clean after `clean_runs` runs that are clean. One that does not
/// build, or that is mostly red in another way, is skipped.
State state_of(const Tally& t, int clean_runs);

/// The same of the runs of a single point, for `pinrig step`: unknown when none of them told anything, or
/// harness or machine failed.
State state_of_runs(const std::vector<Seen>& runs);

}  // namespace pinrig::bisect
