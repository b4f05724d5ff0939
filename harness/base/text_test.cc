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

TEST(Text, ShownIsFitForTerminalsAndXml) {
  EXPECT_EQ(shown("caf\xc3\xa9 \xf0\x9f\x90\xa7"), "caf\xc3\xa9 \xf0\x9f\x90\xa7");
  EXPECT_EQ(shown("a\x1b[31mb\x7f\xc2\x9b"), "a\\x1b[31mb\\x7f\\x9b");
  EXPECT_EQ(shown("a\tb\nc\r"), "a b c ");
  EXPECT_EQ(shown(std::string_view("\0", 1)), "\\x00");
  const std::string replaced = "\xef\xbf\xbd";
  EXPECT_EQ(shown("\xef\xbf\xbe"), replaced);  // U+FFFE and U+FFFF are not characters of XML
  EXPECT_EQ(shown("\xef\xbf\xbf"), replaced);
  EXPECT_EQ(shown("\xef\xbf\xbd"), replaced);
  EXPECT_EQ(shown("\xc0\xaf"), replaced + replaced);            // overlong
  EXPECT_EQ(shown("\xed\xa0\x80").substr(0, 3), replaced);      // a surrogate
  EXPECT_EQ(shown("\xf4\x90\x80\x80").substr(0, 3), replaced);  // beyond U+10FFFF
  EXPECT_EQ(shown("x\xe2\x82"), "x" + replaced + replaced);     // cut
}

// A name must not be able to look like another one.
TEST(Text, ShownNamesWhatReordersTextOrIsNotSeen) {
  EXPECT_EQ(shown("pass\xe2\x80\xae"
                  "liaf"),
            "pass\\u{202e}liaf");  // right-to-left override
  EXPECT_EQ(shown("a\xe2\x81\xa6"
                  "b\xe2\x81\xa9"),
            "a\\u{2066}b\\u{2069}");  // isolates
  EXPECT_EQ(shown("a\xe2\x80\x8b"
                  "b\xc2\xad"),
            "a\\u{200b}b\\u{ad}");  // no width
  EXPECT_EQ(shown("\xef\xbb\xbf"
                  "a"),
            "\\u{feff}a");
  EXPECT_EQ(shown("a\xf3\xa0\x81\xa2"), "a\\u{e0062}");  // tags
  EXPECT_EQ(shown("\xe2\x80\xa8"), "\\u{2028}");         // a line end of its own
  // Neighbours of these, and letters of scripts that run from right to left.
  for (const std::string seen :
       {"\xe2\x80\x8a", "\xe2\x80\xaf", "\xd7\x90", "\xd8\xa7", "\xc2\xac", "\xef\xbf\xbc"})
    EXPECT_EQ(shown(seen), seen);
}

TEST(Text, ShownLinesKeepTheirEnds) {
  EXPECT_EQ(shown_lines("a\x1b\n\nb\xe9\n"), "a\\x1b\n\nb\xef\xbf\xbd\n");
  EXPECT_EQ(shown_lines(""), "");
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
  EXPECT_EQ(signed_count_of(1, "page"), "+1 page");
  EXPECT_EQ(signed_count_of(-1, "page"), "-1 page");
  EXPECT_EQ(signed_count_of(-3, "page"), "-3 pages");
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
