// SPDX-License-Identifier: GPL-2.0
#include "report/text_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinrig::report {
namespace {

using ::testing::ElementsAre;

TEST(Clean, KeepsTextAndStopsControl) {
  EXPECT_EQ(clean("Jürgen → ok"), "Jürgen → ok");
  EXPECT_EQ(clean("\x1b[2Jgone\x07"), "\\x1b[2Jgone\\x07");
  EXPECT_EQ(clean("\xc2\x9b"
                  "31m"),
            "\\x9b31m")
      << "CSI as one character of the C1 set";
  EXPECT_EQ(clean("a\tb\nc\r"), "a b c ");
  EXPECT_EQ(clean(std::string_view("a\0b", 3)), "a\\x00b");
}

TEST(Clean, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(clean("a\xff"
                  "b"),
            "a\xef\xbf\xbd"
            "b");
  EXPECT_EQ(clean("\xc0\xaf"), "\xef\xbf\xbd\xef\xbf\xbd") << "overlong";
  EXPECT_EQ(clean("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd") << "surrogate";
  EXPECT_EQ(clean("\xe2\x82"), "\xef\xbf\xbd\xef\xbf\xbd") << "cut short";
  EXPECT_EQ(clean("\xf0\x9f\x90\xa7"), "\xf0\x9f\x90\xa7");
  EXPECT_EQ(clean("\xef\xbf\xbe\xef\xbf\xbf"), "\xef\xbf\xbd\xef\xbf\xbd") << "no characters of XML 1.0";
}

TEST(Width, CountsCharactersNotBytesNorColours) {
  EXPECT_EQ(width_of("✓ pass"), 6u);
  EXPECT_EQ(width_of("\x1b[1;31m✗ leak\x1b[0m"), 6u);
  EXPECT_EQ(pad("✓", 3), "✓  ");
  EXPECT_EQ(pad("long", 2), "long");
}

TEST(Wrap, BreaksAtSpacesAndInWordsOnlyWhenItMust) {
  EXPECT_THAT(wrap("one two three", 8), ElementsAre("one two", "three"));
  EXPECT_THAT(wrap("aaaaaaaaaaaaaaaa", 10), ElementsAre("aaaaaaaaaa", "aaaaaa"));
  EXPECT_THAT(wrap("exactly8 next", 8), ElementsAre("exactly8", "next"));
  EXPECT_THAT(wrap("ääääääää ö", 8), ElementsAre("ääääääää", "ö"));
  EXPECT_THAT(wrap("", 8), ElementsAre(""));
}

TEST(Painter, ColoursOnlyWhenAsked) {
  Style s;
  EXPECT_EQ(Painter(s).bad("x"), "x");
  s.color = true;
  EXPECT_EQ(Painter(s).bad("x"), "\x1b[1;31mx\x1b[0m");
  EXPECT_EQ(Painter(s).bad(""), "");
  s.unicode = false;
  EXPECT_EQ(Painter(s).arrow(), "->");
}

TEST(Hanging, IndentsWhatFollows) {
  Style s;
  s.width = 40;
  EXPECT_EQ(hanging(Painter(s), "  key  ", "a value that is too long for one line of it"),
            "  key  a value that is too long for one\n       line of it\n");
}

}  // namespace
}  // namespace pinrig::report
