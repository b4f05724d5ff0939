// SPDX-License-Identifier: GPL-2.0
// `pinrig list tests`
#pragma once

#include <string>
#include <vector>

#include "model/suite.h"

namespace pinrig::cli {

/// For people: a block for each test, with what it guards, needs, covers and turns red on.
std::string tests_text(const std::vector<model::Suite>& suites, const std::vector<std::string>& globs);
/// The same as JSON: {"suites": [{"suite", "title", "tests": [...]}]}.
std::string tests_json(const std::vector<model::Suite>& suites, const std::vector<std::string>& globs);

}  // namespace pinrig::cli
