// SPDX-License-Identifier: GPL-2.0
#include "run/stages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "kbuild/configure.h"
#include "plan/plan.h"
#include "spec/spec.h"

namespace pinrig::run {
namespace {

using testing::ElementsAre;
using testing::Pair;

model::TestSpec test(const std::string& name, std::vector<std::string> symbols) {
  model::TestSpec t;
  t.name = name;
  t.needs.symbols = std::move(symbols);
  return t;
}

TEST(LackingSymbols, NamesTheFirstThatTheKernelWasBuiltWithout) {
  const std::string config = "CONFIG_BLK_DEV_NVME=y\nCONFIG_XFS_FS=m\n# CONFIG_UDMABUF is not set\n";
  EXPECT_THAT(lacking_symbols({test("a", {"BLK_DEV_NVME", "XFS_FS"}), test("b", {"BLK_DEV_NVME", "UDMABUF"}),
                               test("c", {"IOMMUFD", "VFIO"}), test("d", {})},
                              config),
              ElementsAre(Pair("b", "this kernel has no CONFIG_UDMABUF"),
                          Pair("c", "this kernel has no CONFIG_IOMMUFD")));
}

/// Symbols that the fragments of a run ask for, on one architecture at least.
std::set<std::string> asked_for(const fs::path& project, const model::RunSpec& run) {
  std::set<std::string> out;
  for (const auto arch : run.archs) {
    const auto request = kbuild::load_request(project, run.fragments, arch, "6.12");
    EXPECT_FALSE(request.has_error());
    if (request.has_error()) continue;
    for (const auto& [symbol, wanted] : *request) out.insert(symbol);
  }
  return out;
}

// A symbol with a slip of the pen would be a skip on every kernel, and a foreseen one.
TEST(Shipped, ARunThatTakesATestAsksForEverySymbolThatItNeeds) {
  const fs::path project = PINRIG_SOURCE_DIR;
  auto suites = spec::load_all_suites(project);
  ASSERT_FALSE(suites.has_error());
  std::set<std::string> served;
  for (const auto& file : fs::directory_iterator(project / "configs/runs")) {
    auto run = spec::load_run(project, file.path().stem());
    ASSERT_FALSE(run.has_error());
    const auto asked = asked_for(project, *run);
    plan::PlanInput in;
    in.run = *run;
    in.suites = *suites;
    // What runs only when it is named is named beside full.
    if (run->name == "full")
      in.run.suites.insert(in.run.suites.begin(), {"mm/migration", "mm/cow_sizes", "mm/gup_longterm_sizes"});
    auto tests = plan::select_tests(in);
    ASSERT_FALSE(tests.has_error()) << tests.error().message;
    for (const auto& t : *tests) {
      if (std::ranges::all_of(t.needs.symbols, [&](const auto& symbol) { return asked.contains(symbol); }))
        served.insert(t.name);
    }
  }
  for (const auto& suite : *suites) {
    for (const auto& t : suite.tests)
      EXPECT_TRUE(served.contains(t.name)) << t.name << ": no run takes it and asks for all its symbols";
  }
}

TEST(Shipped, EveryProofNamesAMutantThatIsThere) {
  const fs::path project = PINRIG_SOURCE_DIR;
  auto suites = spec::load_all_suites(project);
  ASSERT_FALSE(suites.has_error());
  for (const auto& suite : *suites) {
    for (const auto& t : suite.tests) {
      if (t.proof.mutant.empty()) continue;
      const fs::path file = project / "kernels/mutants" / t.proof.mutant / "series.yaml";
      EXPECT_FALSE(spec::load_series(project, file.string()).has_error())
          << to_string(t.proof.where) << ": " << t.proof.mutant;
    }
  }
}

}  // namespace
}  // namespace pinrig::run
