// SPDX-License-Identifier: GPL-2.0
#include "kconfig/fragment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinrig::kconfig {
namespace {

using testing::HasSubstr;

Fragment good(const std::string& file, std::string_view text) {
  auto f = parse_fragment(file, text);
  EXPECT_TRUE(f.has_value()) << f.error().message;
  return f.has_value() ? std::move(f).value() : Fragment{};
}

std::string error_of(std::string_view text) {
  auto f = parse_fragment("f.config", text);
  EXPECT_TRUE(f.has_error()) << text;
  if (f.has_value()) return "";
  EXPECT_EQ(f.error().kind, ErrorKind::bad_input);
  EXPECT_FALSE(f.error().hint.empty());
  return f.error().message;
}

TEST(Fragment, TakesEveryKindOfValueWithItsLine) {
  const auto f = good("f.config",
                      "# a comment\n\nCONFIG_A=y\nCONFIG_B=m\nCONFIG_C=n\n# CONFIG_D is not set\n"
                      "CONFIG_E=\"two words\"\nCONFIG_F=64\nCONFIG_G=0x1f\nCONFIG_64BIT=y\nCONFIG_H=-1\n");
  ASSERT_EQ(f.wanted.size(), 9u);
  EXPECT_EQ(f.wanted[0].symbol, "A");
  EXPECT_EQ(f.wanted[0].where.line, 3);
  EXPECT_EQ(f.wanted[2].value, "n");
  EXPECT_EQ(f.wanted[3].symbol, "D");
  EXPECT_EQ(f.wanted[3].value, "n");
  EXPECT_EQ(f.wanted[4].value, "\"two words\"");
  EXPECT_EQ(f.wanted[6].value, "0x1f");
  EXPECT_EQ(f.wanted[7].symbol, "64BIT");
}

TEST(Fragment, RefusesWhatIsNoConfigurationLine) {
  EXPECT_THAT(error_of("CONFIG_A=y\nNET=y\n"), HasSubstr("f.config:2: 'NET=y'"));
  EXPECT_THAT(error_of("CONFIG_A=yes\n"), HasSubstr("f.config:1: CONFIG_A has the value 'yes'"));
  EXPECT_THAT(error_of("CONFIG_A=\n"), HasSubstr("f.config:1"));
  EXPECT_THAT(error_of("CONFIG_A-B=y\n"), HasSubstr("f.config:1"));
  EXPECT_THAT(error_of("CONFIG_A=0xzz\n"), HasSubstr("0xzz"));
}

TEST(Fragment, RefusesBadDeclarations) {
  EXPECT_THAT(error_of("# pinrig: after 6.2\nCONFIG_A=y\n"),
              HasSubstr("f.config:1: unknown declaration 'after'"));
  EXPECT_THAT(error_of("# pinrig: since six\nCONFIG_A=y\n"), HasSubstr("'six' is not a kernel version"));
  EXPECT_THAT(error_of("# pinrig: optional\nCONFIG_A=y\n"), HasSubstr("without a reason"));
  EXPECT_THAT(error_of("CONFIG_A=y\n# pinrig: since 6.2\n"),
              HasSubstr("f.config:2: declaration without a symbol line"));
}

TEST(Fragment, DeclarationsBelongToTheNextSymbolOnly) {
  const auto f = good("f", "# pinrig: since 6.2\n# pinrig: until 6.6\n# CONFIG_A is not set\nCONFIG_B=y\n");
  ASSERT_EQ(f.wanted.size(), 2u);
  EXPECT_FALSE(f.wanted[0].applies_to({6, 1}));
  EXPECT_TRUE(f.wanted[0].applies_to({6, 2}));
  EXPECT_TRUE(f.wanted[0].applies_to({6, 6}));
  EXPECT_FALSE(f.wanted[0].applies_to({6, 12}));
  EXPECT_TRUE(f.wanted[1].applies_to({5, 4}));
}

TEST(Version, IsReadFromReleases) {
  EXPECT_EQ(parse_version("6.12.117"), (Version{6, 12}));
  EXPECT_EQ(parse_version("6.13-rc2"), (Version{6, 13}));
  EXPECT_FALSE(parse_version("6"));
  EXPECT_FALSE(parse_version(""));
  EXPECT_FALSE(parse_version("next.1"));
  EXPECT_LT((Version{6, 9}), (Version{6, 12}));
}

TEST(Merge, ConflictNamesBothLines) {
  const auto merged = merge({good("a.config", "CONFIG_X=y\n"), good("b.config", "\nCONFIG_X=m\n")}, {6, 12});
  ASSERT_TRUE(merged.has_error());
  EXPECT_EQ(merged.error().kind, ErrorKind::bad_input);
  EXPECT_THAT(merged.error().message,
              HasSubstr("b.config:2: CONFIG_X=m contradicts CONFIG_X=y at a.config:1"));
}

TEST(Merge, ConflictWithinOneFragmentIsOneToo) {
  EXPECT_TRUE(merge({good("a", "CONFIG_X=y\n# CONFIG_X is not set\n")}, {6, 12}).has_error());
}

TEST(Merge, SameValueTwiceIsNoConflict) {
  const auto merged = merge({good("a", "CONFIG_X=y\n"), good("b", "CONFIG_X=y\n")}, {6, 12});
  ASSERT_TRUE(merged.has_value());
  EXPECT_EQ(merged->size(), 1u);
}

TEST(Merge, LinesForOtherVersionsDoNotConflict) {
  const std::vector<Fragment> fragments{
      good("a", "# pinrig: until 6.5\nCONFIG_X=y\n# pinrig: since 6.6\n# CONFIG_X is not set\n")};
  EXPECT_EQ(merge(fragments, {6, 1})->at("X").value, "y");
  EXPECT_EQ(merge(fragments, {6, 12})->at("X").value, "n");
}

TEST(Merge, ADefaultYieldsToWhatAnotherFragmentSays) {
  const Fragment four = good("a", "# pinrig: default\nCONFIG_PAGES_4K=y\n");
  const Fragment other = good("b", "# CONFIG_PAGES_4K is not set\nCONFIG_PAGES_64K=y\n");
  EXPECT_EQ(merge({four}, {6, 12})->at("PAGES_4K").value, "y");
  for (const auto& both : {std::vector{four, other}, std::vector{other, four}}) {
    const auto merged = merge(both, {6, 12});
    ASSERT_TRUE(merged.has_value()) << merged.error().message;
    EXPECT_EQ(to_config_text(*merged), "# CONFIG_PAGES_4K is not set\nCONFIG_PAGES_64K=y\n");
  }
}

TEST(Merge, TwoDefaultsThatDifferContradict) {
  const auto merged = merge(
      {good("a", "# pinrig: default\nCONFIG_X=y\n"), good("b", "# pinrig: default\n# CONFIG_X is not set\n")},
      {6, 12});
  EXPECT_EQ(merged.error().message, "b:2: # CONFIG_X is not set contradicts CONFIG_X=y at a:2");
}

TEST(Merge, OptionalInOneFragmentIsStillAMustOfAnother) {
  const auto merged =
      merge({good("a", "# pinrig: optional nice\nCONFIG_X=y\n"), good("b", "CONFIG_X=y\n")}, {6, 12});
  EXPECT_EQ(merged->at("X").optional, "");
}

TEST(ConfigText, IsSortedAndTheSameForAnyOrder) {
  const auto one = merge({good("a", "CONFIG_B=y\n"), good("b", "# CONFIG_A is not set\n")}, {6, 12});
  const auto two = merge({good("b", "# CONFIG_A is not set\n"), good("a", "CONFIG_B=y\n")}, {6, 12});
  EXPECT_EQ(to_config_text(*one), "# CONFIG_A is not set\nCONFIG_B=y\n");
  EXPECT_EQ(to_config_text(*one), to_config_text(*two));
}

TEST(EffectiveConfig, IsReadAsTheKernelWritesIt) {
  const auto c = parse_config(
      "#\n# Automatically generated file; DO NOT EDIT.\n#\nCONFIG_A=y\n# CONFIG_B is not set\n# end of menu\n"
      "CONFIG_C=\"x=y\"\n");
  EXPECT_EQ(c, (std::map<std::string, std::string>{{"A", "y"}, {"B", "n"}, {"C", "\"x=y\""}}));
}

}  // namespace
}  // namespace pinrig::kconfig
