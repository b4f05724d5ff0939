// SPDX-License-Identifier: GPL-2.0
// The kernel that carries all mutants, and what it takes to boot it. Private to mutate.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "job/kernel.h"
#include "job/result.h"
#include "mutate/mutants.h"

namespace pinrig::mutate {

/// What guests of this module are made of.
struct Lab {
  run::Inputs inputs;
  run::Sources sources;
  MutantSet set;
  model::Kernel kernel;  ///< of the plan: its guests have all tests
  job::Platform platform;
};
Result<Lab> open_lab(const MutateOptions& options, const Services& services);

/// A kernel, ready to boot.
struct Ready {
  model::Kernel kernel;
  job::Built built;
};

/// The tree that the mutants are made on, without them.
Result<Ready> plain_kernel(const Lab& lab, const MutateOptions& options, const Services& services);

/// The kernel with all mutants that compile. Those that do not are added to `dropped`: read from the
/// compiler's messages, after which it is built again.
Result<Ready> mutated_kernel(const Lab& lab, const fs::path& dir, std::set<int>& dropped,
                             const Services& services);

/// Numbers of the mutants whose code is in the image.
Result<std::set<int>> compiled_in(const fs::path& image);

/// The mutants that the compiler's messages in a build log are about. Pure.
std::set<int> blamed(const std::string& log, const MutantSet& set, const std::set<int>& dropped);

/// Boots the guest's tests on a machine with what they need, all mutants off but where a test's environment
/// says otherwise. `dir` is removed and made again.
Result<job::GuestResult> boot_tests(const Lab& lab, const Ready& kernel, const model::Guest& guest,
                                    const fs::path& dir, const Services& services,
                                    const job::Steer& steer = nullptr);

}  // namespace pinrig::mutate
