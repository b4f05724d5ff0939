// SPDX-License-Identifier: GPL-2.0
#include "git/numbering.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinrig::git {
namespace {

TEST(Numbering, TakesSubjectsApart) {
  const auto n = parse_subject("[PATCH net-next v3 02/07] mm: pin [pages] right");
  EXPECT_EQ(n.subject, "mm: pin [pages] right");
  EXPECT_EQ(n.version, 3);
  EXPECT_EQ(n.number, 2);
  EXPECT_EQ(n.total, 7);
  EXPECT_FALSE(n.reply);
  EXPECT_FALSE(n.odd);
}

TEST(Numbering, OtherFormsOfTheSame) {
  EXPECT_EQ(parse_subject("[PATCHv2 1/3] x").version, 2);
  EXPECT_EQ(parse_subject("[RFC,v4,1/3] x").version, 4);
  EXPECT_EQ(parse_subject("[PATCH 1/3 v5] x").version, 5);
  EXPECT_EQ(parse_subject("[PATCH] [media] x").subject, "x");
  EXPECT_EQ(parse_subject("[PATCH] x").number, -1);
  EXPECT_EQ(parse_subject("[PATCH 0/3] x").number, 0);
  EXPECT_EQ(parse_subject("[PATCH 6.1/6.12] x").number, -1);
  EXPECT_EQ(parse_subject("[PATCH v6.1 1/2] x").version, 1);
  EXPECT_EQ(parse_subject("[unclosed x").subject, "[unclosed x");
  EXPECT_EQ(parse_subject("").subject, "");
}

TEST(Numbering, NumbersHoweverTheyAreWritten) {
  for (const char* subject : {"[PATCH1/3] x", "[PATCH 1 / 3] x", "[PATCH_1/3] x", "[PATCH 1 /3] x",
                              "[PATCH-1/3] x", "[PATCH,1/3] x", "[PATCH #1/3] x", "[PATCH 1 of 3] x",
                              "[1/3] x", "[PATCH 5.10/6.1 01/03] x", "[PATCHv21 1/3] x"}) {
    SCOPED_TRACE(subject);
    const auto n = parse_subject(subject);
    EXPECT_EQ(n.number, 1);
    EXPECT_EQ(n.total, 3);
    EXPECT_EQ(n.subject, "x");
    EXPECT_FALSE(n.odd);
  }
}

TEST(Numbering, OddOnes) {
  for (const char* subject : {"[PATCH v1/3] x", "[PATCH 1/3 2/3] x", "[PATCH 1/0] x", "[PATCH 1/3 x",
                              "1/3: x", "(1/3) x", "x (1/3)", "PATCH 1/3: x", "PATCH v2 1/3 x"}) {
    SCOPED_TRACE(subject);
    const auto n = parse_subject(subject);
    EXPECT_TRUE(n.odd);
    EXPECT_EQ(n.number, -1);
  }
  for (const char* subject :
       {"drm: fix 1/2 scaling", "[PATCH] x: a/1 b", "[PATCH 6.1/6.12] x", "2024/01/02: x"})
    EXPECT_FALSE(parse_subject(subject).odd) << subject;
}

TEST(Numbering, Replies) {
  EXPECT_TRUE(parse_subject("Re: [PATCH 1/3] x").reply);
  EXPECT_TRUE(parse_subject("RE: re: [PATCH 1/3] x").reply);
  EXPECT_TRUE(parse_subject("AW: [PATCH 1/3] x").reply);
  EXPECT_TRUE(parse_subject("Re[2]: [PATCH 1/3] x").reply);
  EXPECT_EQ(parse_subject("Re: [PATCH 1/3] x").number, 1);
  EXPECT_FALSE(parse_subject("Revert \"x\"").reply);
}

}  // namespace
}  // namespace pinrig::git
