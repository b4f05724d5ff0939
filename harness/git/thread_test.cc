// SPDX-License-Identifier: GPL-2.0
#include "git/thread.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"

namespace pinrig::git {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A mail with a diff of its own; "SUBJECT|DIFF" sets the diff, "SUBJECT|" leaves it out.
std::vector<ThreadMail> mails(const std::vector<std::string>& texts) {
  std::vector<ThreadMail> out;
  for (const auto& t : texts) {
    const auto bar = t.find('|');
    out.push_back({parse_subject(t.substr(0, bar)), bar == std::string::npos ? t : t.substr(bar + 1)});
  }
  return out;
}

Choice choose(const std::vector<std::string>& texts) {
  const auto r = choose_patches(mails(texts), "f");
  EXPECT_TRUE(r.has_value()) << r.error().message;
  return r.has_value() ? *r : Choice{};
}

std::string error_of(const std::vector<std::string>& texts) {
  const auto r = choose_patches(mails(texts), "f");
  return r.has_error() ? r.error().message : "no error";
}

TEST(Thread, SortsByNumberNotByText) {
  std::vector<std::string> texts{"[PATCH 00/12] cover|", "Re: [PATCH 03/12] p|"};
  for (int i = 12; i >= 1; --i) texts.push_back("[PATCH " + std::to_string(i) + "/12] p");
  const auto c = choose(texts);
  ASSERT_EQ(c.order.size(), 12U);
  EXPECT_EQ(c.order.front(), 13U);
  EXPECT_EQ(c.order.back(), 2U);
  EXPECT_THAT(c.notices, IsEmpty());
}

TEST(Thread, WithoutNumbersTheOrderGivenHolds) {
  EXPECT_THAT(choose({"[PATCH] b", "[PATCH] a"}).order, ElementsAre(0U, 1U));
  EXPECT_THAT(choose({}).order, IsEmpty());
}

TEST(Thread, TheNewestCompleteVersionIsTaken) {
  const auto c = choose({"[PATCH 1/2] a", "[PATCH 2/2] b", "[PATCH v2 1/2] a2", "[PATCH v2 2/2] b2"});
  EXPECT_THAT(c.order, ElementsAre(2U, 3U));
  EXPECT_THAT(c.notices, ElementsAre(HasSubstr("v1 (of 2 patches) is older than v2 (of 2 patches)")));
  const auto old = choose({"[PATCH 1/2] a", "[PATCH 2/2] b", "[PATCH v2 2/2] b2"});
  EXPECT_THAT(old.order, ElementsAre(0U, 1U));
  EXPECT_THAT(old.notices,
              ElementsAre(HasSubstr("v2 (of 2 patches) is incomplete, patch 1/2 is missing: v1")));
  const auto single = choose({"[PATCH] a", "[PATCH v2] a2", "[PATCH v3] a3"});
  EXPECT_THAT(single.order, ElementsAre(2U));
  EXPECT_EQ(single.notices.size(), 2U);
  const auto shrunk = choose({"[PATCH 1/2] a", "[PATCH 2/2] b", "[PATCH v2] both"});
  EXPECT_THAT(shrunk.order, ElementsAre(2U));
}

TEST(Thread, DuplicatesAreDroppedAndSaidSo) {
  const auto c = choose({"[PATCH 1/2] a|x", "[PATCH RESEND 1/2] a|x", "[PATCH 2/2] b"});
  EXPECT_THAT(c.order, ElementsAre(0U, 2U));
  EXPECT_THAT(c.notices, ElementsAre(HasSubstr("applied once")));
  EXPECT_THAT(choose({"[PATCH] a|x", "[PATCH] a|x"}).order, ElementsAre(0U));
  EXPECT_THAT(error_of({"[PATCH 1/2] a|x", "[PATCH 1/2] c|y", "[PATCH 2/2] b"}),
              HasSubstr("f: patch 1/2 occurs twice, with different diffs: \"a\" and \"c\""));
}

TEST(Thread, FollowUps) {
  const auto beyond = choose({"[PATCH 1/2] a", "[PATCH 2/2] b", "[PATCH 3/2] c"});
  EXPECT_THAT(beyond.order, ElementsAre(0U, 1U, 2U));
  EXPECT_THAT(beyond.notices,
              ElementsAre(HasSubstr("\"[PATCH 3/2] c\" has a number beyond the end of its series")));
  const auto reply = choose({"[PATCH 1/2] a", "Re: [PATCH 2/2] b", "[PATCH 0/2] x|"});
  EXPECT_THAT(reply.order, ElementsAre(0U, 1U));
  EXPECT_THAT(reply.notices, ElementsAre(HasSubstr("comes from the reply")));
  const auto unused = choose({"[PATCH 1/2] a", "[PATCH 2/2] b", "Re: [PATCH 2/2] try this"});
  EXPECT_THAT(unused.order, ElementsAre(0U, 1U));
  EXPECT_THAT(unused.notices, ElementsAre(HasSubstr("\"Re: [PATCH 2/2] try this\" contains a diff")));
}

TEST(Thread, ALonePatchIsTakenWhateverItSays) {
  EXPECT_THAT(choose({"Re: [PATCH] a"}).order, ElementsAre(0U));
  EXPECT_THAT(choose({"[PATCH 0/1] a"}).order, ElementsAre(0U));
  EXPECT_THAT(choose({"[PATCH 1_of_3/x] a"}).order, ElementsAre(0U));
  const auto c = choose({"[PATCH 2/5] a", "Re: [PATCH 2/5] a|"});
  EXPECT_THAT(c.order, ElementsAre(0U));
  EXPECT_THAT(c.notices, ElementsAre(HasSubstr("the only patch here")));
}

TEST(Thread, WhatIsNotOneSeries) {
  EXPECT_THAT(error_of({"[PATCH 1/3] a", "[PATCH 2/3] b"}), HasSubstr("f: patch 3/3 is missing"));
  EXPECT_THAT(error_of({"[PATCH v2 1/3] a", "[PATCH v2 3/3] b"}), HasSubstr("patch 2/3 of v2 is missing"));
  EXPECT_THAT(error_of({"[PATCH 1/2] a", "[PATCH 2/2] b|"}), HasSubstr("no diff in \"[PATCH 2/2] b\""));
  EXPECT_THAT(error_of({"[PATCH 1/2] a", "[PATCH 2/2] b", "[PATCH 1/3] c", "[PATCH 2/3] d", "[PATCH 3/3] e"}),
              HasSubstr("two complete series of the same version"));
  EXPECT_THAT(error_of({"[PATCH a1/b3] a", "[PATCH 1/3: b", "[PATCH 2/3] c"}),
              HasSubstr("cannot parse the number"));
  EXPECT_THAT(error_of({"Re: a", "Re: b"}), HasSubstr("only replies"));
}

TEST(Thread, AMailWithoutANumberDoesNotReplaceAnIncompleteSeries) {
  const struct {
    std::vector<std::string> mails;
    const char* error;
  } cases[] = {
      {{"[PATCH 1/3] a", "[PATCH] fix", "[PATCH 3/3] c"}, "patch 2/3 is missing"},
      {{"[PATCH 1/3] a", "[PATCH 2/3] b", "[tip: mm/core] a"}, "patch 3/3 is missing"},
      {{"[PATCH] x", "[PATCH v2 1/3] a", "[PATCH v2 2/3] b"}, "patch 3/3 of v2 is missing"},
      {{"[PATCH v3] x", "[PATCH v2 1/3] a", "[PATCH v2 2/3] b"}, "patch 3/3 of v2 is missing"},
      {{"[PATCH 1/3] a", "[PATCH v2 2/3] b", "[PATCH] x"}, "patches 1/3, 3/3 of v2 are missing"},
      {{"[PATCH 1/3] a", "[PATCH 3/3] c", "[PATCH 1/1] x"}, "patch 2/3 is missing"},
      {{"[PATCH 1/2] a|", "[PATCH 2/2] b|", "[PATCH] fix"}, "no diff in \"[PATCH 1/2] a\""},
      {{"[PATCH 0/3] x|", "[PATCH 1/3] a", "[PATCH] fix"}, "patches 2/3, 3/3 are missing"},
      {{"[PATCH 1/2147483647] a", "[PATCH 3/2147483647] b"}, "21/2147483647, ... are missing"},
  };
  for (const auto& c : cases) EXPECT_THAT(error_of(c.mails), HasSubstr(c.error)) << join(c.mails, ", ");
}

TEST(Thread, NumbersInAnotherFormAreRefused) {
  EXPECT_THAT(error_of({"{PATCH 3/3} c", "{PATCH 1/3} a", "{PATCH 2/3} b"}),
              HasSubstr("cannot parse the number in the subject \"{PATCH 3/3} c\""));
  EXPECT_THAT(error_of({"[PATCH 2] b", "[PATCH 1] a"}), HasSubstr("cannot parse the number"));
  EXPECT_THAT(error_of({"[PATCH] a", "[PATCH v2] b [2/2]", "[PATCH v2] a [1/2]"}),
              HasSubstr("cannot parse the number"));
  EXPECT_THAT(choose({"[PATCH] fix 1/2 scaling", "[PATCH] b"}).order, ElementsAre(0U, 1U));
}

TEST(Thread, ACompleteSeriesIsTakenBesideWhatIsNotOfIt) {
  const auto bot = choose({"[PATCH 1/2] a", "[PATCH 2/2] b", "[tip: mm/core] a"});
  EXPECT_THAT(bot.order, ElementsAre(0U, 1U));
  const auto beyond = choose({"[PATCH 1/2] a", "[PATCH 2/2] b", "[PATCH 3/3] c"});
  EXPECT_THAT(beyond.order, ElementsAre(0U, 1U));
  EXPECT_THAT(beyond.notices, ElementsAre(HasSubstr("\"[PATCH 3/3] c\" does not belong to the series")));
}

}  // namespace
}  // namespace pinrig::git
