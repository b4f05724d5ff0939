// SPDX-License-Identifier: GPL-2.0
#include "run/boot.h"

#include <gtest/gtest.h>

namespace pinrig::run {
namespace {

TEST(Boot, TwoAtOnceDoNotShareAFolder) {
  const auto dir = std::move(TempDir::create(fs::temp_directory_path(), "boot-test-")).value();
  const auto first = free_place(dir.path() / "boots", "base-x86_64");
  ASSERT_TRUE(first.has_value()) << first.error().message;
  EXPECT_EQ(first->dir, dir.path() / "boots/base-x86_64");
  {
    const auto second = free_place(dir.path() / "boots", "base-x86_64");
    EXPECT_EQ(second->dir, dir.path() / "boots/base-x86_64-2");
    EXPECT_EQ(free_place(dir.path() / "boots", "base-x86_64")->dir, dir.path() / "boots/base-x86_64-3");
    EXPECT_EQ(free_place(dir.path() / "boots", "base-aarch64")->dir, dir.path() / "boots/base-aarch64");
  }
  EXPECT_EQ(free_place(dir.path() / "boots", "base-x86_64")->dir, dir.path() / "boots/base-x86_64-2")
      << "free again";
}

TEST(Boot, APlaceThatCannotBeMadeIsAnError) {
  EXPECT_TRUE(free_place("/proc/boots", "base-x86_64").has_error());
}

}  // namespace
}  // namespace pinrig::run
