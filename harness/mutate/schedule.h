// SPDX-License-Identifier: GPL-2.0
// Which tests a mutant is shown to, in which order, and what they say. Pure.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "model/guest.h"
#include "model/verdict.h"

namespace pinrig::mutate {

/// Numbers as the kernel prints them: "1-4,7". Other words are skipped; no number is above `most`.
std::set<int> numbers_of(const std::string& ranges, int most = 8191);
std::string ranges_of(const std::set<int>& numbers);

/// What the tests do on the kernel with all mutants off.
struct Reference {
  std::vector<model::TestResult> rows;           ///< tests, each followed by its cases
  std::map<std::string, std::set<int>> reached;  ///< test -> mutants whose places it reaches
  std::map<std::string, double> wall_s;          ///< test -> seconds
};

/// One boot for a mutant.
struct Boot {
  std::size_t guest = 0;  ///< index of the plan's guest
  std::vector<model::TestSpec> tests;
};

/// Tests that reach the mutant, the cheapest first: a boot with some seconds of them, one with more, then the
/// rest, guest by guest. None when no test reaches it. A test whose limit is long gets a shorter one, from
/// what it took: a mutant that hangs must not cost minutes.
std::vector<Boot> boots_for(int mutant, const Reference& reference, const std::vector<model::Guest>& guests);

/// The first difference that speaks against the mutant: worse than in the reference, gone, or a failure that
/// the reference does not have; empty when there is none. `tests` are those of the boot.
std::string noticed(const std::vector<model::TestResult>& reference,
                    const std::vector<model::TestResult>& seen, const std::vector<std::string>& tests);

/// Every test or case with another verdict, one line each.
std::vector<std::string> differences(const std::vector<model::TestResult>& before,
                                     const std::vector<model::TestResult>& after);

}  // namespace pinrig::mutate
