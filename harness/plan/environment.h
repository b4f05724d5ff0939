// SPDX-License-Identifier: GPL-2.0
// What a run says to single tests through their environment. Pure.
#pragma once

#include <vector>

#include "base/result.h"
#include "model/suite.h"

namespace pinrig::plan {

/// Puts the variables into the environments of the tests they are for, in the place of values that are there.
/// A test that does not exist is bad_input and names the nearest.
Result<void> add_environment(std::vector<model::Suite>& suites, const std::vector<model::TestEnv>& more);

/// Does it set a variable by which the proof of a test puts a fault into it? Others, such as how long a test
/// is to run, are choices of the user's.
bool injects_faults(const std::vector<model::Suite>& suites, const std::vector<model::TestEnv>& more);

/// Adds to the limit of every test with `limit_plus` the seconds in that variable; bad_input when it holds no
/// number from 0 to a day.
Result<void> extend_limits(std::vector<model::Suite>& suites);

}  // namespace pinrig::plan
