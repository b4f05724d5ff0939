// SPDX-License-Identifier: GPL-2.0
// Tests that should have been run on a new version of a series, and were not.
#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "report/versions.h"

namespace pinrig::report {
namespace {

/// Tests that came to a verdict of their own at the last point of some architecture and configuration.
std::set<std::string> tests_run(const VersionData& version) {
  std::set<std::string> out;
  for (const auto& m : matrices(version.data, 1)) {
    for (const TestData* t : m.points.back()->tests()) {
      const auto v = t->row.verdict().verdict;
      if (v != model::Verdict::skip && v != model::Verdict::missing) out.insert(t->name());
    }
  }
  return out;
}

}  // namespace

std::vector<UncoveredFile> uncovered_files(const std::vector<PatchPair>& patches, const FilesOfCommit& files,
                                           const CoveringTests& covering, const VersionData& now) {
  std::map<std::string, std::vector<int>> touched;
  for (const auto& pair : patches) {
    const bool differs = pair.kind == PatchPair::Kind::changed || pair.kind == PatchPair::Kind::fresh;
    const auto of = differs ? files.find(pair.now->commit) : files.end();
    if (of == files.end()) continue;
    for (const auto& file : of->second) touched[file].push_back(pair.now->point);
  }
  const auto run = tests_run(now);
  std::vector<UncoveredFile> out;
  for (auto& [file, numbers] : touched) {
    const auto known = covering.find(file);
    UncoveredFile u{file, numbers, known != covering.end(), {}};
    if (u.known)
      std::set_difference(known->second.begin(), known->second.end(), run.begin(), run.end(),
                          std::back_inserter(u.tests));
    if (u.known ? !u.tests.empty() : file.ends_with(".c")) out.push_back(std::move(u));
  }
  return out;
}

}  // namespace pinrig::report
