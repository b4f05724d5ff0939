// SPDX-License-Identifier: GPL-2.0
#include "report/covering.h"

#include <algorithm>

#include "base/file.h"

namespace pinrig::report {
namespace {

constexpr int most_runs = 1000;

const coverage::Lines* lines_in(const coverage::FileLines& lines, const std::string& file) {
  const auto it = lines.find(file);
  return it == lines.end() ? nullptr : &it->second;
}

/// What all of these tests ran of the file; nothing for a single test, which leaves no other to compare with.
coverage::Lines common_lines(const std::vector<coverage::TestLines>& tests, const std::string& file) {
  coverage::Lines out;
  if (tests.size() < 2) return out;
  for (std::size_t i = 0; i < tests.size(); ++i) {
    const auto* ran = lines_in(tests[i].ran, file);
    if (ran == nullptr) return {};
    if (i == 0) out = *ran;
    std::erase_if(out, [&](int line) { return !ran->contains(line); });
  }
  return out;
}

}  // namespace

std::set<std::string> tests_in(const coverage::RunCoverage& run, const std::string& file) {
  std::set<std::string> out;
  for (const auto& kernel : run.kernels) {
    const auto common = common_lines(kernel.tests, file);
    for (const auto& t : kernel.tests) {
      const auto* ran = lines_in(t.ran, file);
      if (ran == nullptr) continue;
      if (std::any_of(ran->begin(), ran->end(), [&](int line) { return !common.contains(line); }))
        out.insert(t.test);
    }
  }
  return out;
}

Result<CoveringTests> covering_tests(const store::Store& store, const std::set<std::string>& files) {
  CoveringTests out;
  if (files.empty()) return out;
  PINRIG_TRY(runs, store.runs(most_runs));
  for (const auto& run : runs) {
    const auto text = read_file(fs::path(run.dir) / "coverage.json");
    if (text.has_error()) continue;
    // A file that another version of pinrig wrote says nothing.
    const auto read = coverage::from_json(*text);
    if (read.has_error()) continue;
    for (const auto& file : files) {
      const bool counted = std::any_of(read->kernels.begin(), read->kernels.end(),
                                       [&](const auto& k) { return k.code.contains(file); });
      if (counted) out[file].merge(tests_in(*read, file));
    }
  }
  return out;
}

}  // namespace pinrig::report
