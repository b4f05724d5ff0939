// SPDX-License-Identifier: GPL-2.0
#include "kconfig/expr.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace pinrig::kconfig {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::map<std::string, std::string> values{
    {"Y", "y"}, {"M", "m"}, {"N", "n"}, {"BITS", "64"}, {"NAME", "\"abc\""}, {"GCC_VERSION", "120200"}};

std::string lookup(const std::string& symbol) {
  const auto it = values.find(symbol);
  return it == values.end() ? "" : it->second;
}

int value(std::string_view text) {
  const auto e = parse_expr(text);
  EXPECT_TRUE(e) << text;
  return e ? evaluate(*e, lookup) : -1;
}

TEST(Expr, IsTristate) {
  EXPECT_EQ(value("Y"), 2);
  EXPECT_EQ(value("M"), 1);
  EXPECT_EQ(value("N"), 0);
  EXPECT_EQ(value("ABSENT"), 0);
  EXPECT_EQ(value("!M"), 1);
  EXPECT_EQ(value("Y && M"), 1);
  EXPECT_EQ(value("N || M"), 1);
  EXPECT_EQ(value("y"), 2);
}

TEST(Expr, AndBindsTighterThanOr) {
  EXPECT_EQ(value("Y || N && N"), 2);
  EXPECT_EQ(value("(Y || N) && N"), 0);
  EXPECT_EQ(value("!(N || N) && Y"), 2);
}

TEST(Expr, Compares) {
  EXPECT_EQ(value("M = m"), 2);
  EXPECT_EQ(value("M=y"), 0);
  EXPECT_EQ(value("ABSENT=n"), 2);
  EXPECT_EQ(value("ABSENT != n"), 0);
  EXPECT_EQ(value("BITS >= 32"), 2);
  EXPECT_EQ(value("GCC_VERSION < 90000"), 0);  // by number: as text "120200" would be less
  EXPECT_EQ(value("NAME = \"abc\""), 2);
  EXPECT_EQ(value("BITS = 0x40"), 2);
}

TEST(Expr, MacroCountsAsMet) { EXPECT_EQ(value("$(cc-option,-m(x)) && Y"), 2); }

TEST(Expr, NonsenseIsNoExpression) {
  for (const auto* text : {"", "&& A", "A &&", "(A", "A B", "A = ", "!", "A)"})
    EXPECT_FALSE(parse_expr(text)) << text;
}

TEST(Expr, PrintsWithTheParenthesesItNeeds) {
  EXPECT_EQ(to_string(*parse_expr("(A&&(B||!C))||D=y")), "A && (B || !C) || D = y");
  EXPECT_EQ(to_string(*parse_expr("!(A || B)")), "!(A || B)");
}

TEST(UnmetParts, NamesOnlyWhatFails) {
  EXPECT_THAT(unmet_parts(*parse_expr("Y && N && (M || N)"), lookup), ElementsAre("N (n)"));
  EXPECT_THAT(unmet_parts(*parse_expr("Y && (N || ABSENT)"), lookup),
              ElementsAre("N || ABSENT (N=n, ABSENT=n)"));
  EXPECT_THAT(unmet_parts(*parse_expr("!Y"), lookup), ElementsAre("!Y (Y=y)"));
  EXPECT_THAT(unmet_parts(*parse_expr("Y && M"), lookup), IsEmpty());
}

TEST(Settings, MakeAConditionHold) {
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  const auto of = [](const char* text) { return settings_for(*parse_expr(text), lookup); };
  EXPECT_EQ(of("Y && N && !Y"), (Pairs{{"N", "y"}, {"Y", "n"}}));
  EXPECT_EQ(of("N || ABSENT"), (Pairs{{"N", "y"}}));
  EXPECT_EQ(of("$(cc-option,-m) && N = m"), (Pairs{{"N", "m"}}));
  EXPECT_EQ(of("BITS >= 128"), Pairs{}) << "which number is not known";
  EXPECT_EQ(of("Y && (N || Y)"), Pairs{});
}

}  // namespace
}  // namespace pinrig::kconfig
