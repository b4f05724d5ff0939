// SPDX-License-Identifier: GPL-2.0
// One point built and run, and what the store knows about points.
#pragma once

#include <optional>
#include <vector>

#include "bisect/signature.h"
#include "bisection/bisection.h"
#include "store/store.h"

namespace pinrig::bisection {

/// What a point came to: the facts of each run of the test, or why there are none.
struct Booted {
  std::vector<bisect::TestFacts> facts;
  std::optional<bisect::Seen> none;  ///< skip or infra
  std::string why;                   ///< of a skip or a failure, one line
  std::string run;                   ///< id in the store; empty = it did not come to a run
  double wall_s = 0;
};

/// The image of a point: built if needed. A point that cannot be built is a skip.
struct Image {
  std::string hash;  ///< kbuild::code_of(): with the selftests, which a patch may change alone
  std::optional<bisect::Seen> none;
  std::string why;
};
/// Errors: cancelled, and input that is wrong for every point.
Result<Image> build_point(const run::RunOptions& options, const Services& services,
                          const std::function<void()>& tick);

/// Runs the test of `options` in one guest. Errors as build_point().
Result<Booted> boot_point(const run::RunOptions& options, const Services& services,
                          const std::function<void()>& tick);

/// What earlier runs of the user's own saw at a point: facts by run id, and the image if the kernel is in the
/// cache.
struct Known {
  std::vector<std::pair<std::string, bisect::TestFacts>> facts;
  std::string image;
};
/// By the tree of each point; runs with faults, of another architecture or configuration do not count.
Result<std::vector<Known>> known_verdicts(const bisect::Log& log, const Services& services);

}  // namespace pinrig::bisection
