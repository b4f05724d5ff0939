// SPDX-License-Identifier: GPL-2.0
#include "mutate/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mutate/score.h"

namespace pinrig::mutate {
namespace {

using model::Verdict;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

model::TestSpec test_named(const std::string& name) {
  model::TestSpec t;
  t.name = name;
  t.limit_s = 60;
  return t;
}

model::Guest guest_with(const std::vector<std::string>& tests) {
  model::Guest g;
  for (const auto& t : tests) g.tests.push_back(test_named(t));
  return g;
}

model::TestResult row(const std::string& test, const std::string& case_name, Verdict v) {
  model::TestResult r;
  r.verdict.test = test;
  r.verdict.case_name = case_name;
  r.verdict.verdict = v;
  return r;
}

std::vector<std::string> names(const Boot& b) {
  std::vector<std::string> out;
  for (const auto& t : b.tests) out.push_back(t.name);
  return out;
}

TEST(Numbers, ranges_both_ways) {
  EXPECT_THAT(numbers_of("1-3,7,x,-9,"), ElementsAre(1, 2, 3, 7));
  EXPECT_THAT(numbers_of("8190-99999999"), ElementsAre(8190, 8191));
  EXPECT_THAT(numbers_of(""), IsEmpty());
  EXPECT_EQ(ranges_of({1, 2, 3, 7, 9, 10}), "1-3,7,9-10");
}

TEST(Boots, the_cheapest_first_then_more_then_the_rest) {
  const std::vector<model::Guest> guests{guest_with({"a/slow", "a/fast", "a/other", "a/mid"}),
                                         guest_with({"b/b"})};
  Reference r;
  for (const char* t : {"a/slow", "a/fast", "a/mid", "b/b"}) r.reached[t] = {5};
  r.wall_s = {{"a/slow", 30}, {"a/fast", 0.1}, {"a/mid", 2}, {"b/b", 1}, {"a/other", 0.1}};
  const auto boots = boots_for(5, r, guests);
  ASSERT_THAT(boots, SizeIs(3));
  EXPECT_THAT(names(boots[0]), ElementsAre("a/fast", "a/mid"));
  EXPECT_THAT(names(boots[1]), ElementsAre("b/b"));
  EXPECT_THAT(names(boots[2]), ElementsAre("a/slow"));
  EXPECT_EQ(boots[0].tests[0].limit_s, 10);  // what hangs must not cost a minute
  EXPECT_EQ(boots[2].tests[0].limit_s, 60);  // never longer than the test's own
  EXPECT_THAT(boots_for(6, r, guests), IsEmpty());
}

TEST(Noticed, worse_than_the_reference) {
  const std::vector<model::TestResult> reference{
      row("a/a", "", Verdict::pass), row("a/a", "x", Verdict::pass), row("a/b", "", Verdict::fail),
      row("a/c", "", Verdict::pass)};
  const auto with = [&](std::vector<model::TestResult> seen) {
    return noticed(reference, seen, {"a/a", "a/b"});
  };
  EXPECT_EQ(
      with({row("a/a", "", Verdict::pass), row("a/a", "x", Verdict::pass), row("a/b", "", Verdict::fail)}),
      "");
  EXPECT_EQ(
      with({row("a/a", "", Verdict::fail), row("a/a", "x", Verdict::fail), row("a/b", "", Verdict::fail)}),
      "a/a:x (fail)");
  EXPECT_EQ(with({row("a/a", "", Verdict::pass), row("a/b", "", Verdict::fail)}), "a/a:x (no result)");
  EXPECT_EQ(with({row("a/a", "", Verdict::pass), row("a/a", "x", Verdict::pass),
                  row("a/b", "", Verdict::fail), row(model::control_test, "", Verdict::leak)}),
            "pinrig/hold_control (leak)");
}

Outcome outcome(int number, const std::string& file, Fate fate) {
  Outcome o;
  o.mutant.number = number;
  o.mutant.file = file;
  o.mutant.before = "put_page(p);";
  o.fate = fate;
  return o;
}

TEST(Score, equivalent_and_not_compiled_do_not_count) {
  const auto counts = counts_of({outcome(1, "a.c", Fate::caught), outcome(2, "a.c", Fate::survived),
                                 outcome(3, "a.c", Fate::equivalent), outcome(4, "b.c", Fate::no_code),
                                 outcome(5, "b.c", Fate::caught), outcome(6, "b.c", Fate::never_reached),
                                 outcome(7, "b.c", Fate::caught)});
  ASSERT_THAT(counts, SizeIs(3));
  EXPECT_EQ(counts[0].score(), 50);
  EXPECT_NEAR(counts[1].score(), 66.7, 0.1);
  EXPECT_EQ(counts[1].score_reached(), 100);
  EXPECT_EQ(counts[2].mutants, 7);
  EXPECT_EQ(counts[2].score(), 60);
}

TEST(Score, an_equivalent_is_found_by_its_place_not_by_its_number) {
  model::Mutant m;
  m.file = "a.c";
  m.function = "f";
  m.op = model::MutationOp::off_by_one;
  m.text = "x(n);";
  m.after = "x(n + 1);";
  model::EquivalentMutant e{"a.c", "f", model::MutationOp::off_by_one, "x(n);", "", "because", {}};
  EXPECT_NE(equivalent(m, {e}), nullptr);
  e.after = "x(n - 1);";
  EXPECT_EQ(equivalent(m, {e}), nullptr);
}

TEST(Stored, comes_back_as_it_was) {
  MutationRun run;
  run.base = "debian-6.12";
  run.digest = "d";
  run.key = "k";
  run.programs = "/p";
  run.dropped = {4, 5};
  run.reference.rows = {row("a/a", "", Verdict::leak)};
  run.reference.reached["a/a"] = {1, 2};
  run.reference.wall_s["a/a"] = 0.5;
  run.outcomes = {outcome(1, "a.c", Fate::caught), outcome(2, "a.c", Fate::survived)};
  const auto again = from_json(to_json(run), "results.json");
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(to_json(*again), to_json(run));
  EXPECT_EQ(to_text(*again), to_text(run));
  EXPECT_EQ(again->find(2)->fate, Fate::survived);
  EXPECT_THAT(to_markdown(run), HasSubstr("### Survived\n\n`a.c:0`"));
  const auto bad = from_json("{", "results.json");
  ASSERT_TRUE(bad.has_error());
  EXPECT_THAT(bad.error().message, HasSubstr("results.json"));
}

}  // namespace
}  // namespace pinrig::mutate
