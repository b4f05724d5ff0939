// SPDX-License-Identifier: GPL-2.0
#include "git/quilt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace pinrig::git {
namespace {

using ::testing::HasSubstr;

const std::set<std::string> kFiles{"a.patch", "fix#1.patch", "two words.patch", "sub/c.diff", "-odd.patch"};

Result<std::vector<Listed>> parse(std::string_view text) {
  return parse_series_file(text, "series", [](const std::string& name) { return kFiles.contains(name); });
}

std::string names(std::string_view text) {
  const auto r = parse(text);
  if (r.has_error()) return r.error().message;
  std::string out;
  for (const auto& l : *r) out += l.name + ":" + std::to_string(l.strip) + " ";
  return out;
}

TEST(Quilt, NamesAndComments) {
  EXPECT_EQ(names("# order\n\na.patch # why\n\tsub/c.diff\r\n"), "a.patch:1 sub/c.diff:1 ");
  EXPECT_EQ(names("fix#1.patch\nfix#1.patch # why\n#a.patch\n"), "fix#1.patch:1 fix#1.patch:1 ");
  EXPECT_EQ(names("two words.patch\ntwo words.patch -p0 # why\n"), "two words.patch:1 two words.patch:0 ");
  EXPECT_EQ(names("\xef\xbb\xbf"
                  "a.patch"),
            "a.patch:1 ");
}

TEST(Quilt, Options) {
  EXPECT_EQ(names("a.patch -p1\na.patch -pab\na.patch --strip=1\na.patch -p0\na.patch -p 2\n"),
            "a.patch:1 a.patch:1 a.patch:1 a.patch:0 a.patch:2 ");
  EXPECT_THAT(names("a.patch\na.patch -R\n"), HasSubstr("series:2: unknown option '-R'"));
  EXPECT_THAT(names("a.patch -p1 -R\n"), HasSubstr("'-R'"));
  EXPECT_THAT(names("a.patch -pfoo\n"), HasSubstr("'-pfoo'"));
}

TEST(Quilt, MissingFilesAreNamed) {
  EXPECT_THAT(names("a.patch\nnowhere.patch -p1\n"),
              HasSubstr("series:2: patch 'nowhere.patch' is not in the"));
  EXPECT_THAT(names("+guard nowhere.patch\n"), HasSubstr("patch '+guard nowhere.patch' is not in the"));
}

TEST(Quilt, GuardsAreNamed) {
  EXPECT_THAT(names("a.patch\n+x86 a.patch\n"),
              HasSubstr("series:2: '+x86' is a guard, which pinrig does not support"));
  EXPECT_THAT(names("+x86 -rt two words.patch -p1\n"), HasSubstr("series:1: '+x86 -rt' is a guard"));
  EXPECT_EQ(names("-odd.patch\n"), "-odd.patch:1 ");
}

}  // namespace
}  // namespace pinrig::git
