// SPDX-License-Identifier: GPL-2.0
#include "git/numbering.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinrig::git {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Numbering, TakesSubjectsApart) {
  const auto n = parse_subject("[PATCH net-next v3 02/07] mm: pin [pages] right");
  EXPECT_EQ(n.subject, "mm: pin [pages] right");
  EXPECT_EQ(n.version, 3);
  EXPECT_EQ(n.number, 2);
  EXPECT_EQ(n.total, 7);
  EXPECT_FALSE(n.reply);
}

TEST(Numbering, OtherFormsOfTheSame) {
  EXPECT_EQ(parse_subject("[PATCHv2 1/3] x").version, 2);
  EXPECT_EQ(parse_subject("[RFC,v4,1/3] x").version, 4);
  EXPECT_EQ(parse_subject("[PATCH 1/3 v5] x").version, 5);
  EXPECT_EQ(parse_subject("[PATCH] [media] x").subject, "x");
  EXPECT_EQ(parse_subject("[PATCH] x").number, -1);
  EXPECT_EQ(parse_subject("[PATCH 0/3] x").number, 0);
  EXPECT_EQ(parse_subject("[PATCH 6.1/6.12] x").number, -1);
  EXPECT_EQ(parse_subject("[unclosed x").subject, "[unclosed x");
  EXPECT_EQ(parse_subject("").subject, "");
}

TEST(Numbering, Replies) {
  EXPECT_TRUE(parse_subject("Re: [PATCH 1/3] x").reply);
  EXPECT_TRUE(parse_subject("RE: re: [PATCH 1/3] x").reply);
  EXPECT_EQ(parse_subject("Re: [PATCH 1/3] x").number, 1);
  EXPECT_FALSE(parse_subject("Revert \"x\"").reply);
}

std::vector<Numbered> subjects(const std::vector<std::string>& texts) {
  std::vector<Numbered> out;
  for (const auto& t : texts) out.push_back(parse_subject(t));
  return out;
}

std::string error_of(const std::vector<std::string>& texts) {
  const auto r = order_of(subjects(texts), "file");
  return r.has_error() ? r.error().message : "no error";
}

TEST(Numbering, SortsByNumberNotByText) {
  std::vector<std::string> texts;
  for (int i = 12; i >= 1; --i) texts.push_back("[PATCH " + std::to_string(i) + "/12] p");
  const auto order = order_of(subjects(texts), "file");
  ASSERT_TRUE(order.has_value());
  EXPECT_EQ(order->front(), 11U);
  EXPECT_EQ(order->back(), 0U);
}

TEST(Numbering, WithoutNumbersTheOrderGivenHolds) {
  EXPECT_THAT(*order_of(subjects({"[PATCH] b", "[PATCH] a"}), "file"), ElementsAre(0U, 1U));
  EXPECT_TRUE(order_of({}, "file")->empty());
}

TEST(Numbering, WhatIsNotOneSeries) {
  EXPECT_THAT(error_of({"[PATCH 1/3] a", "[PATCH 2/3] b"}), HasSubstr("file: patch 3/3 is missing"));
  EXPECT_THAT(error_of({"[PATCH 2/2] b"}), HasSubstr("patch 1/2 is missing"));
  EXPECT_THAT(error_of({"[PATCH 1/2] a", "[PATCH 2/2] b", "[PATCH 2/2] b"}),
              HasSubstr("patch 2/2 is there twice"));
  EXPECT_THAT(error_of({"[PATCH 1/2] a", "[PATCH 2/2] b", "[PATCH 3/2] c"}), HasSubstr("beyond its series"));
  EXPECT_THAT(error_of({"[PATCH 1/2] a", "[PATCH v2 2/2] b"}), HasSubstr("two versions, v1 and v2"));
  EXPECT_THAT(error_of({"[PATCH 1/2] a", "[PATCH 2/3] b"}), HasSubstr("one of 2 and one of 3 patches"));
  EXPECT_THAT(error_of({"[PATCH 1/1] a", "[PATCH] b"}), HasSubstr("one has none"));
}

}  // namespace
}  // namespace pinrig::git
