// SPDX-License-Identifier: GPL-2.0
#include "cli/run_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinrig::cli {
namespace {

using store::RunState;
using testing::HasSubstr;

store::RunRow row(const std::string& id, RunState state, const std::string& purpose = "") {
  store::RunRow r;
  r.id = id;
  r.state = state;
  r.purpose = purpose;
  return r;
}

TEST(LastRun, IsTheNewestThatEndedAndSaysWhatGoesOn) {
  const auto last =
      last_of({row("c", RunState::running), row("b", RunState::finished), row("a", RunState::finished)});
  ASSERT_TRUE(last.has_value());
  EXPECT_EQ(last->run.id, "b");
  EXPECT_THAT(last->note, HasSubstr("run c is still running"));
  EXPECT_EQ(last_of({row("b", RunState::interrupted), row("a", RunState::finished)})->note, "");
}

TEST(LastRun, IsOneThatGoesOnWhenThereIsNoOther) {
  const auto last = last_of({row("c", RunState::running)});
  ASSERT_TRUE(last.has_value());
  EXPECT_EQ(last->run.id, "c");
  EXPECT_THAT(last->note, HasSubstr("still running"));
}

TEST(LastRun, IsNoProofUnlessThereAreOnlyProofs) {
  EXPECT_EQ(last_of({row("c", RunState::finished, "prove"), row("b", RunState::finished)})->run.id, "b");
  EXPECT_EQ(last_of({row("c", RunState::finished, "prove")})->run.id, "c");
  EXPECT_FALSE(last_of({}).has_value());
}

}  // namespace
}  // namespace pinrig::cli
