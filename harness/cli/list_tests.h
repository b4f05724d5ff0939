// SPDX-License-Identifier: GPL-2.0
// `pinrig list tests`
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/suite.h"

namespace pinrig::cli {

/// The suites with the tests that `words` choose (plan/selector.h; tests that take minutes too: listing is
/// not running). Without words, all of them.
Result<std::vector<model::Suite>> chosen_tests(std::vector<model::Suite> suites,
                                               const std::vector<std::string>& words);
/// For people: a block for each test, with what it checks, requires, covers and must detect.
std::string tests_text(const std::vector<model::Suite>& suites);
/// The same as JSON: {"suites": [{"suite", "title", "tests": [...]}]}.
std::string tests_json(const std::vector<model::Suite>& suites);

}  // namespace pinrig::cli
