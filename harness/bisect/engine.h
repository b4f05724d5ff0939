// SPDX-License-Identifier: GPL-2.0
// The search: from what was seen to what to run next, or to the conclusion. Pure: no QEMU, no clock, no
// files. The observations are the whole state, so that a search that was killed continues from its log.
//
// clang-format off
//   calibrate   the end that has the red, in batches that double, until it showed 4 times (64 runs at most)
//   clean end   the other end, until it is clean; red there, but less often: the change of a rate is searched
//   each        Settings::each: a few runs at every point that has none
//   search      of the candidates, the point whose ancestors are nearest to half of them (git bisect does the
//               same), a built one within 10 % of that first; after `each` the newest one; points that cannot
//               be tested are stepped around
//   verify      culprit and neighbour once more, then the newer end with the culprit reverted, then both ends
// clang-format on
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "bisect/history.h"
#include "bisect/observation.h"

namespace pinrig::bisect {

struct Settings {
  bool fixed = false;       ///< the red is at the older end, and the patch that fixed it is searched
  bool can_revert = false;  ///< the newer end with the culprit reverted can be built
  bool each = false;        ///< run every point first, of a short line without merges; not with `fixed`
  bool per_boot = false;    ///< the red is decided when the kernel boots: every guest counts once
  int budget = 0;           ///< runs at most; 0 = no limit for a search, 200 for that of a rate
};

/// What to run: `runs` runs of the test at `point`, in one guest.
struct Ask {
  int point = 0;
  int runs = 1;
  Purpose purpose = Purpose::search;
};

enum class Word {
  verified,      ///< seen again at the culprit, not at its neighbour, and reverting it changes the newer end
  likely,        ///< the same without the revert
  one_of,        ///< points between the last clean and the first red one cannot be tested
  oldest,        ///< the older end has the red as often
  noisy,         ///< seen too seldom, or not again
  unusable_end,  ///< an end does not build or boot, or has another red
  infra,         ///< harness or machine failed too often
};
const char* to_string(Word word);  ///< "VERIFIED", "ONE OF", ...
/// Whether the search named a culprit.
bool has_culprit(Word word);

struct Conclusion {
  Word word = Word::noisy;
  std::vector<int> suspects;  ///< the culprit, or those that it can be
  double error = 0;  ///< chance that a clean point on which it rests has the red: 1 - prod(1 - (1 - p)^runs)
  std::string why;   ///< one line for people; may be empty
  std::vector<double> posterior;  ///< of every point, when the change of a rate was searched
};

using Step = std::variant<Ask, Conclusion>;
Step next_step(const History& history, const Settings& settings, const std::vector<Observation>& seen);

/// What the calibration came to: `runs` = clean runs that a point needs; 0 while it goes on.
struct Calibration {
  int red = 0;
  int clean = 0;
  int runs = 0;
  bool guests = false;  ///< these are guests: the red is decided when the kernel boots
};
Calibration calibration_of(const History& history, const Settings& settings,
                           const std::vector<Observation>& seen);

/// The points that can be the culprit, from what was seen.
std::vector<int> candidates(const History& history, const Settings& settings,
                            const std::vector<Observation>& seen, int clean_runs);

}  // namespace pinrig::bisect
