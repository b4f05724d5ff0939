// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "kbuild/kernel_build.h"
#include "run/inputs.h"

namespace pinrig::run {
namespace {

/// The test of the kernel tree that a word names in full; nullptr for all others.
const model::TestSpec* named(const Inputs& in, const std::string& word) {
  for (const auto& suite : in.suites) {
    for (const auto& test : suite.tests)
      if (test.from_kernel() && test.name == word) return &test;
  }
  return nullptr;
}

/// The commits that selftests of this run are built from, each with the source that has it.
std::vector<std::pair<const git::Source*, std::string>> trees_of(const Sources& sources,
                                                                 const plan::Plan& plan) {
  std::vector<std::pair<const git::Source*, std::string>> out;
  if (sources.selftests_from) {
    out.emplace_back(&*sources.selftests_from, sources.selftests_from->commit);
    return out;
  }
  std::set<std::string> known;
  for (const auto& kernel : plan.kernels) {
    const auto& commit = kernel.point.commit;
    if (!commit.empty() && known.insert(commit).second) out.emplace_back(&sources.base, commit);
  }
  return out;
}

}  // namespace

Result<void> check_named_tests(const Inputs& in, const Sources& sources, const plan::Plan& plan,
                               const Services& services) {
  if (!in.origins.tests.is_option()) return {};
  std::set<std::string> wanted;
  for (const auto& word : in.spec.suites)
    if (named(in, word) != nullptr) wanted.insert(word);
  for (const auto& [source, commit] : trees_of(sources, plan)) {
    if (wanted.empty()) return {};
    PINRIG_TRY(files, git::list_files(*source, commit, job::work_context(services, "sources", "source")));
    std::erase_if(wanted, [&](const std::string& word) {
      const auto places = kbuild::selftest_places(named(in, word)->kernel_binary());
      return std::any_of(places.begin(), places.end(), [&](const auto& place) {
        return std::find(files.begin(), files.end(), place) != files.end();
      });
    });
  }
  if (wanted.empty()) return {};
  const std::string& word = *wanted.begin();
  const auto places = kbuild::selftest_places(named(in, word)->kernel_binary());
  return plan::refused(
      in.origins.tests, word, "no point of this run has this test of the kernel tree",
      fmt::format("its source would be {}; another base may have it (--base)", join(places, " or ")));
}

}  // namespace pinrig::run
