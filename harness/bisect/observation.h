// SPDX-License-Identifier: GPL-2.0
// What one run at one point told.
#pragma once

#include <optional>
#include <string>

namespace pinrig::bisect {

/// The answer of a run to "does this point have the red?".
enum class Seen {
  red,    ///< the red that is searched: the same signature
  clean,  ///< the test ran and passed
  other,  ///< red in another way: no answer, never taken for the red
  skip,   ///< the point does not apply, build or boot, or the test skips: no answer from this point
  infra,  ///< harness or machine failed: nothing about the kernel
};
const char* to_string(Seen seen);
std::optional<Seen> seen_from_string(const std::string& word);

/// What the run was made for.
enum class Purpose {
  known,      ///< found in the store
  calibrate,  ///< how often the red shows at the end that has it
  clean_end,  ///< that the other end does not have it
  search,
  verify,  ///< culprit and its neighbour again, in guests of their own
  revert,  ///< the newer end with the culprit reverted
  ends,    ///< both ends once more
};
const char* to_string(Purpose purpose);
std::optional<Purpose> purpose_from_string(const std::string& word);

/// The newer end with the culprit reverted.
inline constexpr int reverted_point = -1;

struct Observation {
  int point = 0;
  Seen seen = Seen::clean;
  Purpose purpose = Purpose::search;
  double value = 0;  ///< pages that stayed pinned, or the number that is searched
  std::string run;   ///< id in the store; empty = none
  std::string time;  ///< ISO 8601, UTC
};

}  // namespace pinrig::bisect
