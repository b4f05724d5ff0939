// SPDX-License-Identifier: GPL-2.0
// Shows mutants to the tests, in batches that share guests. Private to mutate.
#pragma once

#include <functional>
#include <vector>

#include "mutate/batch.h"
#include "mutate/kernel.h"
#include "mutate/score.h"

namespace pinrig::mutate {

/// What a batch needs to run.
struct Stand {
  const Lab& lab;
  const Ready& kernel;
  const Reference& reference;
  double budget_s = 0;  ///< of tests for each mutant
  fs::path dir;         ///< for the files of the guests
  const Services& services;
};

/// Shows all of `mutants`, those in front first, and calls `done` with what became of each: from one thread
/// at a time, under a lock. Returns early when it is cancelled.
void show_all(const Stand& stand, const std::vector<model::Mutant>& mutants,
              const std::function<void(Outcome)>& done, const std::function<void()>& tick);

}  // namespace pinrig::mutate
