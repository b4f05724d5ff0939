// SPDX-License-Identifier: GPL-2.0
// `pinrig checkout`: a base as a git repository for the user.
#pragma once

#include <string>

#include "run/inputs.h"

namespace pinrig::run {

/// Imports the base `name` (kernels/NAME.yaml) and makes a git repository of it in `dir`. Returns the text
/// for the user: its path and the next commands. bad_input: no such base, `dir` is not empty, `branch` names
/// no branch.
Result<std::string> checkout_base(const std::string& name, const fs::path& dir, const std::string& branch,
                                  const Services& services);

}  // namespace pinrig::run
