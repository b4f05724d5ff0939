// SPDX-License-Identifier: GPL-2.0
#include "base/text.h"

#include <gtest/gtest.h>

namespace pinrig {
namespace {

TEST(Text, LinesKeepTheLastOneWithoutNewline) {
  EXPECT_EQ(lines("a\r\nb\n\nc"), (std::vector<std::string_view>{"a", "b", "", "c"}));
  EXPECT_TRUE(lines("").empty());
}

TEST(Text, ShellQuoteSurvivesQuotesAndSpaces) {
  EXPECT_EQ(shell_quote("plain-1.2/x"), "plain-1.2/x");
  EXPECT_EQ(shell_quote("it's $HOME"), "'it'\\''s $HOME'");
  EXPECT_EQ(shell_quote(""), "''");
}

TEST(Text, NearestFindsTheTypoButNotAStranger) {
  EXPECT_EQ(nearest("machin", {"machine", "suites"}), "machine");
  EXPECT_EQ(nearest("kmv", {"kvm", "tcg"}), "kvm");
  EXPECT_EQ(nearest("zzz", {"machine", "suites"}), "");
}

TEST(Text, DidYouMeanIsOneWording) {
  EXPECT_EQ(did_you_mean("machin", {"machine", "suites"}), "; did you mean 'machine'?");
  EXPECT_EQ(did_you_mean("zzz", {"machine", "suites"}), "");
}

TEST(Text, CountsHaveTheirPlural) {
  EXPECT_EQ(count_of(0, "finding"), "0 findings");
  EXPECT_EQ(count_of(1, "finding"), "1 finding");
  EXPECT_EQ(count_of(2, "patch"), "2 patches");
  EXPECT_EQ(count_of(1, "patch"), "1 patch");
}

TEST(Text, GlobMatch) {
  EXPECT_TRUE(glob_match("bio/*", "bio/dio_rw"));
  EXPECT_TRUE(glob_match("*:read_*", "bio/dio_rw:read_4k"));
  EXPECT_FALSE(glob_match("bio/?", "bio/dio_rw"));
  EXPECT_TRUE(glob_match("**", ""));
  EXPECT_FALSE(glob_match("", "x"));
}

TEST(Text, HumanSeconds) {
  EXPECT_EQ(human_seconds(14.24), "14.2s");
  EXPECT_EQ(human_seconds(123), "2m03s");
  EXPECT_EQ(human_seconds(3720), "1h02m");
}

TEST(Text, HumanBytes) {
  EXPECT_EQ(human_bytes(512), "512 B");
  EXPECT_EQ(human_bytes(1536), "1.5 KiB");
}

}  // namespace
}  // namespace pinrig
