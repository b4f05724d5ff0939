// SPDX-License-Identifier: GPL-2.0
// Environment variables that a run sets for single tests. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/suite.h"

namespace pinrig::plan {

/// The test with this name; null when there is none.
template <typename Suites>
auto find_test(Suites& suites, const std::string& name) -> decltype(&suites[0].tests[0]) {
  for (auto& suite : suites) {
    for (auto& test : suite.tests) {
      if (test.name == name) return &test;
    }
  }
  return nullptr;
}

/// Adds the variables to the environments of their tests, replacing existing values.
/// A test that does not exist is bad_input and names the nearest.
Result<void> add_environment(std::vector<model::Suite>& suites, const std::vector<model::TestEnv>& more);

/// Does it set a variable with which the proof of a test injects its fault? Others, such as the duration of a
/// test, are user settings.
bool injects_faults(const std::vector<model::Suite>& suites, const std::vector<model::TestEnv>& more);

/// Tests that have a smaller choice of cases (TestSpec::quick_args) run that one.
void make_quick(std::vector<model::Suite>& suites);

/// Adds to the limit of every test with `limit_plus` the seconds in that variable; bad_input unless it is a
/// number from 0 to a day.
Result<void> extend_limits(std::vector<model::Suite>& suites);

}  // namespace pinrig::plan
