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

/// Whether subjects made from `form` with N = 1 to `count` are seen as numbered in another form.
bool other_form(std::string form, int count, int left_out = 0) {
  std::vector<Numbered> mails;
  for (int n = count; n >= 1; --n) {
    if (n == left_out) continue;
    std::string subject = form;
    subject.replace(subject.find('N'), 1, std::to_string(n));
    mails.push_back(parse_subject(subject));
  }
  std::vector<const Numbered*> all;
  for (const auto& m : mails)
    if (m.number < 0 && !m.odd) all.push_back(&m);
  return all.size() == mails.size() && numbered_in_another_form(all);
}

TEST(Numbering, OtherFormsAreSeenByAllMailsTogether) {
  for (const char* form :
       {"{PATCH N/3} x", "[PATCH] x [N/3]", "[PATCH] x N/3", "mm: N/3 x", "[PATCH N\\3] x", "[PATCH N-3] x",
        "[PATCH N:3] x", "[PATCH N,3] x",
        "[PATCH N\xef\xbc\x8f"
        "3] x",
        "[PATCH N\xe2\x88\x95"
        "3] x",
        "[PATCH N out of 3] x", "[PATCH N] x", "[PATCH #N] x", "[PATCHN] x", "{PATCH N} x", "<N/3> x"}) {
    EXPECT_TRUE(other_form(form, 3)) << form;
    EXPECT_FALSE(other_form(form, 1)) << form << ": one mail has no order";
  }
  for (const char* form : {"{PATCH N/3} x", "[PATCH] x [N/3]", "[PATCH N-3] x"})
    EXPECT_TRUE(other_form(form, 3, 2)) << form << ": one is missing";
}

TEST(Numbering, SubjectsWithNumbersOfTheirOwnAreNotNumbered) {
  const auto seen = [](const std::vector<std::string>& subjects) {
    std::vector<Numbered> mails;
    for (const auto& s : subjects) mails.push_back(parse_subject(s));
    std::vector<const Numbered*> all;
    for (const auto& m : mails) all.push_back(&m);
    return numbered_in_another_form(all);
  };
  EXPECT_FALSE(seen({"[PATCH] x: fix 1/2 scaling", "[PATCH] x: tidy up"}));
  EXPECT_FALSE(seen({"[PATCH 6.1] x", "[PATCH 6.1] y"}));
  EXPECT_FALSE(seen({"[PATCH 5.15] x", "[PATCH 6.15] x"}));
  EXPECT_FALSE(seen({"[PATCH 5.10-6.1] x", "[PATCH 5.10-6.1] y"}));
  EXPECT_FALSE(seen({"[PATCH] scale by 1/4 here", "[PATCH] scale by 3/4 there"}));
  EXPECT_FALSE(seen({"[PATCH] a", "[PATCH] b", "[PATCH] c"}));
  EXPECT_FALSE(seen({"[PATCH 2] a", "[PATCH] b"}));
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
