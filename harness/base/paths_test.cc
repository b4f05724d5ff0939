// SPDX-License-Identifier: GPL-2.0
#include "base/paths.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace pinrig {
namespace {

TEST(Paths, WhatMakeWouldTakeForSomethingElse) {
  for (const char* good : {"/home/a/.cache/pinrig", "/srv/a-b_c+d@e,f=g/~x", "/home/j\xc3\xbcrgen/cache"})
    EXPECT_EQ(unusable_in_make(good), "") << good;
  EXPECT_EQ(unusable_in_make("/home/a b/cache"), "space");
  EXPECT_EQ(unusable_in_make("/mnt/c:/cache"), "colon");
  EXPECT_EQ(unusable_in_make("/tmp/$x"), "'$'");
  EXPECT_EQ(unusable_in_make("/tmp/a\tb"), "control character");
}

TEST(Paths, ACacheWithAColonIsRefusedAtTheStart) {
  ::setenv("PINRIG_PROJECT", PINRIG_SOURCE_DIR, 1);
  ::setenv("PINRIG_CACHE", "/somewhere/a:b", 1);
  const auto refused = find_paths();
  ::setenv("PINRIG_CACHE", "/somewhere/ab", 1);
  const auto good = find_paths();
  ::unsetenv("PINRIG_CACHE");
  ::unsetenv("PINRIG_PROJECT");
  EXPECT_TRUE(good.has_value());
  ASSERT_TRUE(refused.has_error());
  EXPECT_EQ(refused.error().kind, ErrorKind::bad_usage);
  EXPECT_NE(refused.error().message.find("/somewhere/a:b"), std::string::npos);
  EXPECT_NE(refused.error().message.find("colon"), std::string::npos);
}

}  // namespace
}  // namespace pinrig
