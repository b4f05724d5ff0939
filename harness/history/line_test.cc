// SPDX-License-Identifier: GPL-2.0
#include "history/line.h"

#include <gtest/gtest.h>

#include "history/testing.h"

namespace pinrig::history {
namespace {

using model::Rule;
using model::Verdict;

TEST(State, IsThatOfTheAssessmentAndNotOfTheVerdict) {
  EXPECT_EQ(state_of(Verdict::pass, Rule::fine), State::green);
  EXPECT_EQ(state_of(Verdict::leak, Rule::expectation), State::green) << "the series is expected to leak";
  EXPECT_EQ(state_of(Verdict::leak, Rule::known_issue), State::known);
  EXPECT_EQ(state_of(Verdict::leak, Rule::issue_worse), State::red);
  EXPECT_EQ(state_of(Verdict::pass, Rule::otherwise), State::red)
      << "the leak that was expected did not come";
  EXPECT_EQ(state_of(Verdict::pass, Rule::issue_gone), State::gone);
  EXPECT_EQ(state_of(Verdict::skip, Rule::allowed_skip), State::skipped);
  EXPECT_EQ(state_of(Verdict::skip, Rule::unlisted_skip), State::unlisted);
  EXPECT_EQ(state_of(Verdict::skip, Rule::lost), State::unlisted);
  EXPECT_EQ(state_of(Verdict::error, Rule::failure), State::unusable);
  EXPECT_EQ(state_of(Verdict::missing, Rule::consequence), State::known);
  EXPECT_EQ(state_of(Verdict::fail, std::nullopt), State::red);
  EXPECT_EQ(state_of(Verdict::pass, std::nullopt), State::green);
}

Line two_guests() {
  Line line;
  line.nights.resize(1);
  for (int i = 0; i < 10; ++i) line.names.push_back({"a/t" + std::to_string(i), ""});
  line.columns.push_back({{"base", model::Arch::x86_64, "", {}}, std::vector<Built>(1), {}});
  return line;
}

std::vector<Mark> marks(std::uint32_t first, int good, int bad) {
  std::vector<Mark> out;
  for (int i = 0; i < good; ++i) out.push_back({first++, Verdict::pass, Rule::fine});
  for (int i = 0; i < bad; ++i) out.push_back({first++, Verdict::fail, Rule::failure});
  return out;
}

TEST(Fill, OfTwoGuestsTheWorseRowStays) {
  Line line = two_guests();
  fill(line, {{0, 0, marks(0, 0, 1)}, {0, 0, marks(0, 1, 0)}});
  EXPECT_EQ(line.row(0, 0)[0].state, State::red);
}

TEST(Fill, AQuarterOfRedIsNotYetABrokenKernel) {
  Line line = two_guests();
  fill(line, {{0, 0, marks(0, 6, 2)}});
  EXPECT_FALSE(line.columns[0].nights[0].broken);
  EXPECT_EQ(line.row(0, 7)[0].state, State::red);
  fill(line, {{0, 0, marks(0, 5, 3)}});
  EXPECT_TRUE(line.columns[0].nights[0].broken);
  EXPECT_EQ(line.row(0, 7)[0].state, State::unusable);
  EXPECT_EQ(line.row(0, 0)[0].state, State::unusable) << "its greens say nothing either";
}

TEST(Fill, FewTestsAreNeverABrokenKernel) {
  Line line = two_guests();
  fill(line, {{0, 0, marks(0, 0, 7)}});
  EXPECT_FALSE(line.columns[0].nights[0].broken);
}

TEST(Fill, AnotherAcceleratorIsNotCompared) {
  const Line line = draw("x86_64 a/b .F.\nx86_64 @accel tkt\n");
  EXPECT_EQ(line.row(0, 0)[0].state, State::green);
  EXPECT_EQ(line.row(0, 0)[1].state, State::absent);
  EXPECT_EQ(line.row(0, 0)[2].state, State::green);
}

TEST(LineKey, SaysWhatDiffers) {
  const LineKey here{"full", "debian-6.12", "", ""};
  EXPECT_EQ(difference(here, here), "");
  EXPECT_EQ(difference({"full", "debian-6.1", "", ""}, here),
            "the base is debian-6.1 there and debian-6.12 here");
  EXPECT_EQ(difference({"full", "debian-6.12", "s", ""}, here), "the series is s there and none here");
}

}  // namespace
}  // namespace pinrig::history
