// SPDX-License-Identifier: GPL-2.0
// Tests that are known to end their guest.
#pragma once

#include <string>
#include <vector>

#include "run/inputs.h"

namespace pinrig::run {

/// Those of `tests` that may crash or hang this kernel, by configs/known-issues (whatever symbols it was
/// built with) or by an expectation of the run or of its series: seeing that twice says nothing.
std::vector<std::string> deadly_tests(const Inputs& in, const model::Kernel& kernel,
                                      const std::vector<model::TestSpec>& tests);

}  // namespace pinrig::run
