// SPDX-License-Identifier: GPL-2.0
#include "job/alone.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "job/testing.h"
#include "vm/testing.h"

namespace pinrig::job {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class Alone : public testing::Test {
 protected:
  /// Runs bio/a, bio/b and bio/c in the guests of a role, then what ended them alone.
  GuestResult run(const std::string& role, const std::vector<std::string>& excused = {}) {
    const vm::FakeQemu fake(role);
    const ReadyJob job{
        job_spec(place_.dir.path(), {"bio/a", "bio/b", "bio/c"}), place_.dir.path() / "job", {}};
    auto result = run_and_judge(job, place_.services);
    EXPECT_TRUE(result.has_value()) << (result.has_value() ? "" : result.error().message);
    verdicts_ = verdicts(*result);
    try_alone(job, excused, place_.services, *result);
    EXPECT_EQ(verdicts(*result), verdicts_) << "the second observation changes no verdict";
    return std::move(*result);
  }
  static std::vector<std::string> verdicts(const GuestResult& r) {
    std::vector<std::string> out;
    for (const auto& row : r.results)
      if (row.verdict.case_name.empty()) out.emplace_back(to_string(row.verdict.verdict));
    return out;
  }

  Place place_;
  std::vector<std::string> verdicts_;
};

TEST_F(Alone, ATestThatEndsEachGuestIsSeenTwice) {
  const auto r = run("bio_b_kills");
  EXPECT_THAT(verdicts_, ElementsAre("pass", "crash", "pass"));
  EXPECT_THAT(r.guest.problems, ElementsAre(AllOf(HasSubstr("bio/b ended its guest"),
                                                  HasSubstr("it ended that, too: panicked"))));
  ASSERT_THAT(r.guest.attempts, SizeIs(3));
  EXPECT_EQ(r.guest.attempts[2].number, 3);
  EXPECT_THAT(r.guest.attempts[2].dir, HasSubstr("alone-1"));
  EXPECT_THAT(r.guest.attempts[2].outcome.detail, HasSubstr("bio/b alone"));
  EXPECT_TRUE(fs::exists(place_.dir.path() / "job" / "alone-1" / "console.raw"));
}

TEST_F(Alone, ATestThatPassesAloneIsSaidSo) {
  const auto r = run("second_test_kills_once");
  EXPECT_THAT(verdicts_, ElementsAre("pass", "crash", "pass"));
  EXPECT_THAT(r.guest.problems, ElementsAre(HasSubstr("it passed: what ran before it may matter")));
  EXPECT_THAT(r.guest.attempts, SizeIs(3));
}

TEST_F(Alone, AKnownCrashIsNotTriedAgain) {
  const auto r = run("bio_b_kills", {"bio/b"});
  EXPECT_THAT(r.guest.problems, IsEmpty());
  EXPECT_THAT(r.guest.attempts, SizeIs(2));
}

TEST_F(Alone, NothingIsTriedWhenEveryGuestSurvived) {
  const auto r = run("measures");
  EXPECT_THAT(r.guest.problems, IsEmpty());
  EXPECT_THAT(r.guest.attempts, SizeIs(1));
  EXPECT_FALSE(fs::exists(place_.dir.path() / "job" / "alone-1"));
}

TEST_F(Alone, AGuestThatCannotBeStartedIsALine) {
  const auto r = run("second_test_kills");
  EXPECT_THAT(r.guest.problems, testing::Contains(HasSubstr("it could not be tried")));
}

TEST(EndedTheirGuest, AreThoseWhoseRecordIsLost) {
  GuestJobResult r;
  const auto add = [&](const char* name, model::TestExit::Kind kind) {
    r.facts.records.emplace_back().name = name;
    r.facts.records.back().exit.kind = kind;
  };
  add("bio/a", model::TestExit::Kind::exited);
  add("bio/b", model::TestExit::Kind::lost);
  add("bio/c", model::TestExit::Kind::timed_out);
  add("bio/d", model::TestExit::Kind::lost);
  EXPECT_THAT(ended_their_guest(r, {}), ElementsAre("bio/b", "bio/d"));
  EXPECT_THAT(ended_their_guest(r, {"bio/b"}), ElementsAre("bio/d"));
}

}  // namespace
}  // namespace pinrig::job
