// SPDX-License-Identifier: GPL-2.0
#include "kbuild/make.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace pinrig::kbuild {
namespace {

using testing::Contains;

Tree tree() {
  Tree t;
  t.source = "/c/worktrees/k";
  t.objdir = "/c/build/k-aarch64";
  t.cache = "/c";
  t.arch = model::Arch::aarch64;
  t.toolchain = {"aarch64-linux-gnu-", "id", true};
  return t;
}

TEST(MakeCommand, SaysEverythingThatDecidesTheResult) {
  const auto c = make_command(tree(), {"Image"}, 3);
  for (const char* arg : {"ARCH=arm64", "CROSS_COMPILE=aarch64-linux-gnu-", "CC=ccache aarch64-linux-gnu-gcc",
                          "O=/c/build/k-aarch64", "LOCALVERSION=", "-j3", "Image",
                          "KCPPFLAGS=-fmacro-prefix-map=../../worktrees/k/="})
    EXPECT_THAT(c.argv, Contains(arg));
  for (const char* name :
       {"KBUILD_BUILD_TIMESTAMP", "KBUILD_BUILD_USER", "KBUILD_BUILD_HOST", "KBUILD_BUILD_VERSION"})
    EXPECT_TRUE(c.env.contains(name)) << name;
  EXPECT_EQ(c.env.at("CCACHE_BASEDIR"), "/c");
  EXPECT_EQ(c.env.at("CCACHE_DEPEND"), "1");
  ASSERT_TRUE(c.inherit.has_value());
  EXPECT_THAT(*c.inherit, Contains("PATH"));
}

TEST(MakeCommand, TurnsGcovOnByEachNameThatAMakefileMayUse) {
  EXPECT_THAT(gcov_variables({"mm/gup.c", "fs/ext4/inode.c"}),
              testing::UnorderedElementsAre("GCOV_PROFILE_gup.o=y", "GCOV_PROFILE_mm/gup.o=y",
                                            "GCOV_PROFILE_inode.o=y", "GCOV_PROFILE_ext4/inode.o=y",
                                            "GCOV_PROFILE_fs/ext4/inode.o=y"));
  auto t = tree();
  t.counted = {"mm/gup.c"};
  EXPECT_THAT(make_command(t, {}, 1).argv, Contains("GCOV_PROFILE_gup.o=y"));
}

TEST(MakeCommand, WorksWithoutCcache) {
  auto t = tree();
  t.toolchain.ccache = false;
  EXPECT_THAT(make_command(t, {}, 1).argv, Contains("CC=aarch64-linux-gnu-gcc"));
}

TEST(MakeCommand, KeepsTheUsersCcache) {
  const char* old = std::getenv("CCACHE_DIR");
  const std::string before = old == nullptr ? "" : old;
  ::setenv("CCACHE_DIR", "/mine", 1);
  EXPECT_FALSE(make_command(tree(), {}, 1).env.contains("CCACHE_DIR"));
  ::unsetenv("CCACHE_DIR");
  EXPECT_EQ(make_command(tree(), {}, 1).env.at("CCACHE_DIR"), "/c/ccache");
  if (old != nullptr) ::setenv("CCACHE_DIR", before.c_str(), 1);
}

}  // namespace
}  // namespace pinrig::kbuild
