// SPDX-License-Identifier: GPL-2.0
#include "mutate/batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinrig::mutate {
namespace {

using job::Next;
using model::TestExit;
using model::Verdict;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

model::TestSpec spec(const std::string& name) {
  model::TestSpec t;
  t.name = name;
  t.limit_s = 60;
  return t;
}

std::vector<std::string> names(const std::vector<model::TestSpec>& tests) {
  std::vector<std::string> out;
  for (const auto& t : tests) out.push_back(t.name);
  return out;
}

wire::TestEnd exited(int code) {
  wire::TestEnd end;
  end.how = "exited";
  end.code = code;
  end.before.available = end.after.available = true;
  return end;
}

const wire::TestEnd good = exited(0);
const wire::TestEnd bad = exited(1);

TEST(RunName, both_ways) {
  for (const char* text : {"contract/gup@17", "contract/gup@17.again", "a/b@1.off", "a/b@1.clean"}) {
    const auto name = run_name(text);
    ASSERT_TRUE(name) << text;
    EXPECT_EQ(to_string(*name), text);
  }
  EXPECT_EQ(run_name("contract/gup@17.off")->mutant, 17);
  EXPECT_FALSE(run_name("contract/gup"));
  EXPECT_FALSE(run_name("contract/gup@x"));
  EXPECT_FALSE(run_name("contract/gup@17.other"));
}

TEST(SpecOf, has_mutant_cases_and_a_limit_that_fits) {
  const auto some = spec_of(spec("a/a"), {"a/a", {"x", "y"}, 1}, 17);
  EXPECT_EQ(some.name, "a/a@17");
  EXPECT_EQ(some.env.at("PINRIG_MUTANT"), "17");
  EXPECT_EQ(some.env.at("PINRIG_CASES"), "x,y");
  EXPECT_EQ(some.limit_s, 10);
  EXPECT_EQ(some.claim, model::PinClaim::Mode::net_zero);
  const auto whole = spec_of(spec("a/a"), {"a/a", {}, 20}, 17);
  EXPECT_EQ(whole.env.count("PINRIG_CASES"), 0u);
  EXPECT_EQ(whole.limit_s, 60);  // never longer than the test's own
}

TEST(Steering, a_failure_is_repeated_without_the_mutant) {
  Steering steer;
  std::vector<model::TestSpec> todo{spec("b/b@1"), spec("a/a@2")};
  EXPECT_EQ(steer(spec("a/a@1"), &bad, todo), Next::go_on);
  EXPECT_THAT(names(todo), ElementsAre("a/a@1.off", "a/a@2"));  // b/b would add nothing
  EXPECT_EQ(todo[0].env.at("PINRIG_MUTANT"), "0");
  todo.erase(todo.begin());
  EXPECT_EQ(steer(spec("a/a@1.off"), &good, todo), Next::go_on);
  EXPECT_THAT(names(todo), ElementsAre("a/a@2"));
}

TEST(Steering, a_damaged_guest_is_abandoned) {
  Steering steer;
  std::vector<model::TestSpec> todo{spec("a/a@2")};
  steer(spec("a/a@1"), &bad, todo);
  todo.erase(todo.begin());
  EXPECT_EQ(steer(spec("a/a@1.off"), &bad, todo), Next::new_guest);
  EXPECT_THAT(names(todo), ElementsAre("a/a@1.clean", "a/a@2"));
}

TEST(Steering, whoever_was_not_the_first_of_a_guest_that_died_is_repeated) {
  Steering steer;
  std::vector<model::TestSpec> todo{spec("a/a@2")};
  steer(spec("a/a@1"), &good, todo);
  todo.clear();
  steer(spec("a/a@2"), nullptr, todo);
  EXPECT_THAT(names(todo), ElementsAre("a/a@2.again"));
  EXPECT_EQ(todo[0].env.at("PINRIG_MUTANT"), "2");
  todo.clear();
  steer(spec("a/a@2.again"), nullptr, todo);  // now it was
  EXPECT_THAT(todo, IsEmpty());
}

TEST(Steering, leaks_taints_and_signals_are_failures_too) {
  auto leak = good, taint = good, skew = good;
  leak.after.acquired = 3;
  taint.after.taint = 512;
  skew.after.released = 2;
  skew.claim.skew_sections = 1;
  for (const auto& [end, n] : {std::pair(leak, 1), {taint, 1}, {skew, 0}, {exited(4), 0}, {exited(139), 1}}) {
    std::vector<model::TestSpec> todo;
    Steering()(spec("a/a@1"), &end, todo);
    EXPECT_EQ(static_cast<int>(todo.size()), n);
  }
}

TEST(Steering, a_destructive_test_is_the_last_of_its_guest) {
  Steering steer;
  auto test = spec("a/a@1");
  test.destructive = true;
  std::vector<model::TestSpec> todo{spec("a/a@2")};
  EXPECT_EQ(steer(test, &bad, todo), Next::new_guest);
  EXPECT_THAT(names(todo), ElementsAre("a/a@1.clean", "a/a@2"));
}

// A batch as it was judged: runs in order, each with the verdict of its only case.
struct Ran {
  std::string name;
  Verdict verdict = Verdict::pass;
  int guest = 1;
};

job::GuestResult result_of(const std::vector<Ran>& runs) {
  job::GuestResult out;
  for (const auto& r : runs) {
    model::TestRecord record;
    record.name = r.name;
    record.guest = r.guest;
    record.exit.kind = r.verdict == Verdict::crash ? TestExit::Kind::lost : TestExit::Kind::exited;
    record.wall_s = 2;
    out.guest.facts.records.push_back(record);
    for (const char* c : {"", "x"}) {
      model::TestResult row;
      row.verdict.test = r.name;
      row.verdict.case_name = c;
      row.verdict.verdict = r.verdict;
      out.results.push_back(row);
    }
  }
  return out;
}

Shown shown(int mutant, const std::vector<Ran>& runs) {
  Reference r;
  for (const char* test : {"a/a", "b/b"}) {
    for (const char* c : {"", "x"}) {
      model::TestResult row;
      row.verdict.test = test;
      row.verdict.case_name = c;
      row.verdict.verdict = Verdict::pass;
      r.rows.push_back(row);
    }
  }
  return shown_by({mutant, {{"a/a", {"x"}, 1}, {"b/b", {"x"}, 1}}}, r, result_of(runs));
}

constexpr auto caught = Shown::Kind::caught;
constexpr auto quiet = Shown::Kind::quiet;
constexpr auto undecided = Shown::Kind::undecided;

TEST(ShownBy, all_as_without_it) {
  EXPECT_EQ(shown(1, {{"a/a@1"}, {"b/b@1"}}).kind, quiet);
  EXPECT_EQ(shown(1, {{"a/a@1"}}).kind, undecided);
}

TEST(ShownBy, a_failure_counts_where_the_test_passes_without_it) {
  const auto s = shown(2, {{"a/a@1"}, {"b/b@1"}, {"a/a@2"}, {"b/b@2", Verdict::leak}, {"b/b@2.off"}});
  EXPECT_EQ(s.kind, caught);
  EXPECT_EQ(s.by, "b/b:x (leak)");
}

TEST(ShownBy, damage_counts_for_the_first_of_a_guest_only) {
  const std::vector<Ran> runs{
      {"a/a@1", Verdict::fail}, {"a/a@1.off", Verdict::fail}, {"a/a@1.clean", Verdict::pass, 2}};
  EXPECT_EQ(shown(1, runs).kind, caught);
  auto later = runs;
  later.insert(later.begin(), {"a/a@7"});
  EXPECT_EQ(shown(1, later).kind, undecided);
}

TEST(ShownBy, a_test_that_fails_in_a_clean_guest_says_nothing) {
  const auto s =
      shown(1, {{"a/a@1", Verdict::fail}, {"a/a@1.off", Verdict::fail}, {"a/a@1.clean", Verdict::fail, 2}});
  EXPECT_EQ(s.kind, undecided);
  EXPECT_THAT(s.by, HasSubstr("without it, too"));
  EXPECT_EQ(s.unusable, "a/a");
}

// Whatever the verdict is about, it may be about the choice of cases.
TEST(ShownBy, a_failure_that_was_not_tried_without_it_says_nothing) {
  const auto s = shown(1, {{"a/a@1", Verdict::fail}});
  EXPECT_EQ(s.kind, undecided);
  EXPECT_EQ(s.unusable, "a/a");
}

TEST(ShownBy, a_guest_that_died) {
  EXPECT_EQ(shown(1, {{"a/a@1", Verdict::crash}}).kind, caught);
  EXPECT_EQ(shown(2, {{"a/a@1"}, {"a/a@2", Verdict::crash}}).kind, undecided);
  EXPECT_EQ(shown(2, {{"a/a@1"}, {"a/a@2", Verdict::crash}, {"a/a@2.again", Verdict::crash, 2}}).kind,
            caught);
  EXPECT_EQ(shown(2, {{"a/a@1"}, {"a/a@2", Verdict::crash}, {"a/a@2.again", Verdict::pass, 2}}).kind,
            undecided);
}

TEST(SecondsOn, are_those_of_all_its_runs) {
  EXPECT_EQ(seconds_on(2, result_of({{"a/a@1"}, {"a/a@2"}, {"a/a@2.off"}})), 4);
}

}  // namespace
}  // namespace pinrig::mutate
