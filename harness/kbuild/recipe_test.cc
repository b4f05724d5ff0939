// SPDX-License-Identifier: GPL-2.0
#include "kbuild/recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kbuild/artifact.h"

namespace pinrig::kbuild {
namespace {

using model::Arch;
using testing::Contains;

TEST(Recipe, IsTheSameEachTimeAndDiffersByArchitecture) {
  EXPECT_EQ(digest(recipe_of(Arch::x86_64, "6.12.1")), digest(recipe_of(Arch::x86_64, "6.12.1")));
  EXPECT_NE(digest(recipe_of(Arch::x86_64, "6.12.1")), digest(recipe_of(Arch::aarch64, "6.12.1")));
}

TEST(Recipe, KnowsWhatIsDone) {
  const auto r = recipe_of(Arch::aarch64, "6.12.1");
  EXPECT_THAT(r.commands, Contains(Contains("Image")));
  EXPECT_THAT(r.commands, Contains(Contains("allnoconfig")));
  EXPECT_THAT(r.commands,
              Contains(testing::AllOf(Contains("-static"), Contains("cow.c"), Contains("-luring"))));
  EXPECT_TRUE(r.environment.contains("KBUILD_BUILD_TIMESTAMP"));
  EXPECT_FALSE(r.environment.contains("CCACHE_DIR"));
}

TEST(Recipe, ASelftestMoreOrOtherwiseMadeIsAnotherRecipe) {
  const std::string now = digest(recipe_of(Arch::x86_64, "6.12.1"));
  auto table = selftest_table();
  table.push_back({"uffd", {"uffd.c", nullptr}, {}});
  EXPECT_NE(digest(recipe_of(Arch::x86_64, "6.12.1", table)), now);
  table = selftest_table();
  table.front().libraries.push_back("-lcap");
  EXPECT_NE(digest(recipe_of(Arch::x86_64, "6.12.1", table)), now);
  table = selftest_table();
  table.front().sources[1] = "gup_benchmark.c";
  EXPECT_NE(digest(recipe_of(Arch::x86_64, "6.12.1", table)), now);
}

TEST(Recipe, EveryFlagVariableAndFileCounts) {
  const auto r = recipe_of(Arch::x86_64, "6.12.1");
  for (std::size_t i = 0; i < r.commands.size(); ++i) {
    auto other = r;
    other.commands[i].emplace_back("-O3");
    EXPECT_NE(digest(other), digest(r)) << i;
  }
  auto other = r;
  other.environment["KBUILD_BUILD_USER"] = "someone";
  EXPECT_NE(digest(other), digest(r));
  other = r;
  other.files.emplace("modules", "modules");
  EXPECT_NE(digest(other), digest(r));
}

TEST(ArtifactKey, ObjectsThatCountAreAnotherKernel) {
  KeyInputs in{Arch::x86_64, "tree", "config", "tools", "sysroot", "recipe"};
  const std::string plain = artifact_key(in);
  in.counted = {"block/bio.c"};
  const std::string counting = artifact_key(in);
  EXPECT_NE(counting, plain);
  in.counted = {"mm/gup.c"};
  EXPECT_NE(artifact_key(in), counting);
}

TEST(Recipe, SelftestsOfNewerTreesFindTheirHeadersByPlainName) {
  const auto old = recipe_of(Arch::x86_64, "6.12.117");
  EXPECT_EQ(digest(old), digest(recipe_of(Arch::x86_64, "5.10.223"))) << "what was built stays valid";
  const auto r = recipe_of(Arch::x86_64, "7.3.4");
  EXPECT_THAT(r.commands, Contains(testing::AllOf(Contains("-I/source/tools/testing/selftests"),
                                                  Contains("hugepage_settings.c"))));
  EXPECT_TRUE(r.files.contains("local_config.h_gen"));
  EXPECT_FALSE(old.files.contains("local_config.h_gen"));
}

}  // namespace
}  // namespace pinrig::kbuild
