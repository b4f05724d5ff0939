// SPDX-License-Identifier: GPL-2.0
#include "host_asks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinrig::agent {
namespace {

using ::testing::HasSubstr;

wire::HostActionDone done(std::uint32_t id, std::string problem = "") {
  wire::HostActionDone d;
  d.id = id;
  d.problem = std::move(problem);
  return d;
}

TEST(HostAsks, AnActionOfTheHostAndItsAnswer) {
  HostAsks asks;
  const auto asked = asks.take("unplug pin-gone\n");
  EXPECT_EQ(asked.refusal, "");
  EXPECT_EQ(asked.action.action, "unplug");
  EXPECT_EQ(asked.action.device, "pin-gone");
  EXPECT_GT(asked.action.id, 0u);
  EXPECT_EQ(asks.answered(done(asked.action.id)), "ok");
  const auto again = asks.take("unplug other");
  EXPECT_NE(again.action.id, asked.action.id);
  EXPECT_EQ(asks.answered(done(again.action.id, "no such thing")), "failed: no such thing");
}

TEST(HostAsks, WhatIsNotUnderstoodNeverReachesTheHost) {
  for (const char* text : {"", "unplug", "unplug ", "plug x", "\n"}) {
    HostAsks asks;
    EXPECT_THAT(asks.take(text).refusal, HasSubstr("failed: not understood")) << text;
    EXPECT_EQ(asks.take("unplug x").refusal, "") << "and nothing is waited for";
  }
}

TEST(HostAsks, OneQuestionAtATime) {
  HostAsks asks;
  const auto first = asks.take("unplug a");
  EXPECT_THAT(asks.take("unplug b").refusal, HasSubstr("has not answered"));
  EXPECT_EQ(asks.answered(done(first.action.id)), "ok");
  EXPECT_EQ(asks.take("unplug b").refusal, "");
}

TEST(HostAsks, AnswersToTestsThatAreGoneAreNobodys) {
  HostAsks killed;
  const auto old = killed.take("unplug a");
  HostAsks next;
  EXPECT_EQ(next.answered(done(old.action.id)), std::nullopt);
  const auto own = next.take("unplug a");
  EXPECT_EQ(next.answered(done(old.action.id)), std::nullopt) << "late";
  EXPECT_EQ(next.answered(done(own.action.id)), "ok");
  EXPECT_EQ(next.answered(done(own.action.id)), std::nullopt) << "twice";
  EXPECT_EQ(next.answered(done(0)), std::nullopt);
}

TEST(HostAsks, AHostThatCannotBeAskedIsAnAnswerToo) {
  HostAsks asks;
  const auto asked = asks.take("unplug a");
  EXPECT_EQ(asks.give_up("no connection to the host"), "failed: no connection to the host");
  EXPECT_EQ(asks.answered(done(asked.action.id)), std::nullopt);
}

}  // namespace
}  // namespace pinrig::agent
