// SPDX-License-Identifier: GPL-2.0
#include "run/stages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "kbuild/configure.h"
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
  EXPECT_THAT(lacking_symbols({test("a", {"BLK_DEV_NVME", "XFS_FS"}), test("b", {"BLK_DEV_NVME", "UDMABUF"}), test("c", {"IOMMUFD", "VFIO"}), test("d", {})}, config),
              ElementsAre(Pair("b", "this kernel has no CONFIG_UDMABUF"), Pair("c", "this kernel has no CONFIG_IOMMUFD")));
}

// A symbol with a slip of the pen would be a skip on every kernel, and a foreseen one.
TEST(Shipped, TheFullRunAsksForEverySymbolThatATestNeeds) {
  const fs::path project = PINRIG_SOURCE_DIR;
  auto run = spec::load_run(project, "full");
  auto suites = spec::load_all_suites(project);
  ASSERT_FALSE(run.has_error() || suites.has_error());
  std::set<std::string> asked;  // on one architecture at least
  for (const auto arch : run->archs) {
    auto request = kbuild::load_request(project, run->fragments, arch, "6.12");
    ASSERT_FALSE(request.has_error());
    for (const auto& [symbol, wanted] : *request) asked.insert(symbol);
  }
  for (const auto& suite : *suites) {
    for (const auto& t : suite.tests) {
      for (const auto& symbol : t.needs.symbols) EXPECT_TRUE(asked.contains(symbol)) << t.name << " " << symbol;
    }
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
      EXPECT_FALSE(spec::load_series(project, file.string()).has_error()) << to_string(t.proof.where) << ": " << t.proof.mutant;
    }
  }
}

}  // namespace
}  // namespace pinrig::run
