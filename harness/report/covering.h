// SPDX-License-Identifier: GPL-2.0
// Which tests are known to run code of a file, from stored runs with --coverage. Private to report.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "coverage/coverage.h"
#include "store/store.h"

namespace pinrig::report {

/// By file; a file that no run counted in is missing.
using CoveringTests = std::map<std::string, std::set<std::string>>;

/// The tests that ran lines of `file`; lines that every test of a kernel ran say nothing. Pure.
std::set<std::string> tests_in(const coverage::RunCoverage& run, const std::string& file);

/// From all stored runs, whatever their base: they tell which tests reach a file, not which lines of it.
Result<CoveringTests> covering_tests(const store::Store& store, const std::set<std::string>& files);

}  // namespace pinrig::report
