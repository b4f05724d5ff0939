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
  EXPECT_EQ(asked.action.action, wire::HostActionKind::unplug);
  EXPECT_EQ(asked.action.device, "pin-gone");
  EXPECT_GT(asked.action.id, 0u);
  EXPECT_EQ(asks.answered(done(asked.action.id)), "ok");
  const auto again = asks.take("unplug other");
  EXPECT_NE(again.action.id, asked.action.id);
  EXPECT_EQ(asks.answered(done(again.action.id, "no such thing")), "failed: no such thing");
}

TEST(HostAsks, WhatIsNotUnderstoodNeverReachesTheHost) {
  for (const char* text : {"", "unplug", "unplug ", "unplug a b", "plug x", "\n", "hold", "hold 1",
                           "hold x y", "hold -1 y", "await 5", "release"}) {
    HostAsks asks;
    EXPECT_THAT(asks.take(text).refusal, HasSubstr("failed: not understood")) << text;
    EXPECT_EQ(asks.take("unplug x").refusal, "") << "and nothing is waited for";
  }
}

TEST(HostAsks, HoldingACpu) {
  HostAsks asks;
  const auto hold = asks.take("hold 1 try_grab_folio_fast+0x10").action;
  EXPECT_EQ(hold.action, wire::HostActionKind::hold);
  EXPECT_EQ(hold.cpu, 1);
  EXPECT_EQ(hold.places, std::vector<std::string>{"try_grab_folio_fast+0x10"});
  EXPECT_EQ(asks.answered(done(hold.id)), "ok");
  const auto several = asks.take("hold 2 a b").action;
  EXPECT_EQ(several.places, (std::vector<std::string>{"a", "b"}));
  wire::HostActionDone absent = done(several.id, "no such function");
  absent.lacking = true;
  EXPECT_EQ(asks.answered(absent), "lacking: no such function");

  const auto await = asks.take("await 500 submit_bio  __gup_longterm_locked").action;
  EXPECT_EQ(await.action, wire::HostActionKind::await_held);
  EXPECT_EQ(await.limit_ms, 500);
  EXPECT_EQ(await.places, (std::vector<std::string>{"submit_bio", "__gup_longterm_locked"}));
  wire::HostActionDone there = done(await.id);
  there.answer = "submit_bio";
  EXPECT_EQ(asks.answered(there), "ok submit_bio");

  const auto release = asks.take("release submit_bio").action;
  EXPECT_EQ(release.action, wire::HostActionKind::release);
  EXPECT_EQ(release.places, std::vector<std::string>{"submit_bio"});
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
