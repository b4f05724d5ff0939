// SPDX-License-Identifier: GPL-2.0
#include "report/repeats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/report.h"
#include "report/testing.h"

namespace pinrig::report {
namespace {

using model::Verdict;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

Row of(const std::string& test, Verdict verdict) {
  Row r;
  r.result.verdict.test = test;
  r.result.verdict.verdict = verdict;
  r.assessment = {verdict == Verdict::pass ? model::Rule::fine : model::Rule::failure, "", ""};
  return r;
}

RunData data_of(std::vector<Row> rows) {
  RunData data;
  KernelData& k = data.kernels.emplace_back();
  k.row.id = "base-x86_64";
  k.row.state = store::KernelState::built;
  GuestData& g = k.guests.emplace_back();
  for (auto& row : rows) g.tests.emplace_back().row = std::move(row);
  return data;
}

TEST(Repeats, OneRunOfATestIsNone) {
  EXPECT_THAT(repeats_of(data_of({of("bio/a", Verdict::leak), of("bio/b", Verdict::pass)})), IsEmpty());
}

TEST(Repeats, RunsOfATestAreCountedTogether) {
  const auto data =
      data_of({of("bio/a", Verdict::pass), of("bio/a~2", Verdict::leak), of("bio/a~3", Verdict::pass),
               of("bio/b", Verdict::pass), of("bio/b~2", Verdict::xfail)});
  const auto all = repeats_of(data);
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(all[0].test, "bio/a");
  EXPECT_EQ(all[0].attempts.red(), 1);
  EXPECT_EQ(all[0].attempts.count(), 3);
  EXPECT_EQ(all[1].attempts.red(), 0);
}

TEST(Repeats, ARunThatCouldNotBeJudgedIsNone) {
  const auto data = data_of({of("bio/a", Verdict::leak), of("bio/a~2", Verdict::missing),
                             of("bio/a~3", Verdict::error), of("bio/a~4", Verdict::leak)});
  const auto all = repeats_of(data);
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].attempts.count(), 2);
  EXPECT_EQ(assess::steadiness(all[0].attempts), assess::Steadiness::steady_red);
}

TEST(Repeats, TheSectionNamesTheFlakyOnesAndCountsTheRest) {
  const auto d = digest(data_of({of("bio/a", Verdict::pass), of("bio/a~2", Verdict::leak),
                                 of("bio/b", Verdict::pass), of("bio/b~2", Verdict::pass)}));
  const std::string text = repeats(*d, Painter(Style{}));
  EXPECT_THAT(text,
              HasSubstr("bio/a: flaky, 1 of 2 failed (1 leak), rate 50 %, 95 % interval 9.5 to 90.5 %"));
  EXPECT_THAT(
      text, HasSubstr("1 of 2 never failed; of 2 runs without one, a rate up to 65.8 % is possible (95 %)"));
  EXPECT_THAT(text, Not(HasSubstr("bio/b:")));
  EXPECT_THAT(repeats(*digest(data_of({of("bio/a", Verdict::leak)})), Painter(Style{})), IsEmpty());
}

TEST(Repeats, RedsOfTheSameKindAreOneFinding) {
  const auto d =
      digest(data_of({of("bio/a", Verdict::leak), of("bio/a~2", Verdict::leak), of("bio/b", Verdict::leak)}));
  EXPECT_THAT(d->findings, SizeIs(2)) << "of bio/a and of bio/b";
  EXPECT_THAT(d->findings.front().kernels, SizeIs(1));
}

}  // namespace
}  // namespace pinrig::report
