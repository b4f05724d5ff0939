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

TEST(Numbers, ranges_both_ways) {
  EXPECT_THAT(numbers_of("1-3,7,x,-9,"), ElementsAre(1, 2, 3, 7));
  EXPECT_THAT(numbers_of("8190-99999999"), ElementsAre(8190, 8191));
  EXPECT_THAT(numbers_of(""), IsEmpty());
  EXPECT_EQ(ranges_of({1, 2, 3, 7, 9, 10}), "1-3,7,9-10");
}

TEST(Reached, is_read_from_the_output_case_by_case) {
  const auto cases = reached_by_case(
      "KTAP version 1\n1..3\n# running a.anon\n# reached in 12 ms: 1-3,7\nok 1 a.anon\n"
      "# running b\n# reached in 0 ms: \nok 2 b\n# running dies\n");
  ASSERT_THAT(cases, SizeIs(3));
  EXPECT_EQ(cases[0].name, "a.anon");
  EXPECT_THAT(cases[0].reached, ElementsAre(1, 2, 3, 7));
  EXPECT_DOUBLE_EQ(cases[0].wall_s, 0.012);
  EXPECT_THAT(cases[1].reached, IsEmpty());
  EXPECT_THAT(cases[2].reached, IsEmpty());
  EXPECT_THAT(reached_by_case("ok\n# reached in 5 ms: 1\n"), IsEmpty());
}

// Tests a/a with cases, b/b without, in guests of their own.
Reference reference_of(const std::vector<CaseReach>& cases) {
  Reference r;
  r.rows = {row("a/a", "", Verdict::pass), row("b/b", "", Verdict::pass)};
  r.cases["a/a"] = cases;
  for (const auto& c : cases) {
    r.rows.push_back(row("a/a", c.name, Verdict::pass));
    r.reached["a/a"].insert(c.reached.begin(), c.reached.end());
  }
  r.reached["b/b"] = {5};
  r.wall_s["b/b"] = 1;
  return r;
}

const std::vector<model::Guest> two_guests{guest_with({"a/a"}), guest_with({"b/b"})};

std::vector<std::string> asked(const Stage& s) {
  std::vector<std::string> out;
  for (const auto& a : s.asks) {
    for (const auto& c : a.cases) out.push_back(c);
    if (a.cases.empty()) out.push_back(a.test);
  }
  return out;
}

TEST(Parts, have_a_few_tests_of_one_guest_each) {
  std::vector<std::string> many;
  for (int i = 0; i < 14; ++i) many.push_back("a/" + std::to_string(i));
  const std::vector<model::Guest> guests{guest_with(many), guest_with({"b/b", "b/c"}), guest_with({"c/c"})};
  const auto parts = parts_of(guests, {"a/0", "b/c", "c/c"});
  ASSERT_THAT(parts, SizeIs(3));
  EXPECT_THAT(parts[0].tests, SizeIs(12));
  EXPECT_EQ(parts[0].tests[0].name, "a/1");
  EXPECT_THAT(parts[1].tests, SizeIs(1));
  EXPECT_EQ(parts[2].tests[0].name, "b/b");
  EXPECT_NE(parts[0].id, parts[1].id);
}

TEST(Stages, some_seconds_of_what_differs_most_then_the_rest) {
  const auto r = reference_of({{"first", {6}, 0.1},
                               {"pages.thp", {5, 6}, 1.2},
                               {"pages.anon", {5, 6}, 0.9},
                               {"pages.cow", {5, 7}, 1},
                               {"data.anon", {5}, 1.1},
                               {"other", {6}, 0.1}});
  const auto stages = stages_for(5, {5, 6, 7}, r, two_guests, 60);
  ASSERT_THAT(stages, SizeIs(3));
  // Of pages.* the cheapest, then the other obligation; no room for a third.
  EXPECT_THAT(asked(stages[0]), ElementsAre("first", "pages.anon", "data.anon"));
  EXPECT_THAT(asked(stages[1]), ElementsAre("b/b"));
  EXPECT_EQ(stages[1].guest, 1u);
  EXPECT_THAT(asked(stages[2]), ElementsAre("first", "pages.cow", "pages.thp"));
  EXPECT_EQ(stages[2].cases(), 3);
  EXPECT_EQ(reaching(5, r, two_guests), 5);
  EXPECT_THAT(stages_for(8, {}, r, two_guests, 60), IsEmpty());
}

TEST(Stages, what_is_about_the_same_file_comes_first) {
  const auto r = reference_of({{"transfer", {5, 90, 91}, 2}, {"refused", {5, 6}, 2}});
  EXPECT_THAT(asked(stages_for(5, {5, 6}, r, two_guests, 60)[0]), ElementsAre("transfer", "refused"));
  EXPECT_THAT(asked(stages_for(5, {5, 90, 91}, r, two_guests, 60)[0]), ElementsAre("transfer"));
}

TEST(Stages, go_on_until_half_of_the_seconds_are_used) {
  const auto r = reference_of({{"short", {5}, 0.5}, {"long", {5}, 9}, {"longer", {5}, 10}});
  EXPECT_THAT(asked(stages_for(5, {5}, r, two_guests, 60)[0]), ElementsAre("short", "long"));
}

TEST(Stages, end_with_the_budget) {
  const auto r = reference_of({{"a", {5}, 2}, {"b", {5}, 2}, {"c", {5}, 2}});
  EXPECT_THAT(stages_for(5, {5}, r, two_guests, 3), SizeIs(2));
  const auto stages = stages_for(5, {5}, r, two_guests, 7);
  ASSERT_THAT(stages, SizeIs(3));
  EXPECT_THAT(asked(stages[2]), ElementsAre("a", "b"));
}

TEST(Stages, ask_nothing_that_fails_without_a_mutant) {
  auto r = reference_of({{"a", {5}, 1}, {"b", {5}, 1}});
  for (auto& x : r.rows) {
    if (x.verdict.case_name == "a" || x.verdict.test == "b/b") x.verdict.verdict = Verdict::fail;
  }
  const auto stages = stages_for(5, {5}, r, two_guests, 60);
  ASSERT_THAT(stages, SizeIs(1));
  EXPECT_THAT(asked(stages[0]), ElementsAre("b"));
}

TEST(Stages, a_guest_for_one_mutant_only_comes_last) {
  auto guests = two_guests;
  guests[0].tests[0].destructive = true;
  const auto r = reference_of({{"a", {5, 6}, 1}});
  const auto stages = stages_for(5, {5}, r, guests, 60);
  ASSERT_THAT(stages, SizeIs(2));
  EXPECT_THAT(asked(stages[0]), ElementsAre("b/b"));
  EXPECT_THAT(stages_for(5, {5}, r, guests, 1), SizeIs(1));
  EXPECT_THAT(stages_for(6, {6}, r, guests, 1), SizeIs(1));  // nothing else reaches it
}

TEST(Noticed, worse_than_the_reference) {
  const std::vector<model::TestResult> want{row("a/a", "", Verdict::pass), row("a/a", "x", Verdict::pass)};
  EXPECT_EQ(noticed(want, {row("a/a", "", Verdict::pass), row("a/a", "x", Verdict::pass)}), "");
  EXPECT_EQ(noticed(want, {row("a/a", "", Verdict::fail), row("a/a", "x", Verdict::fail)}), "a/a:x (fail)");
  EXPECT_EQ(noticed(want, {row("a/a", "", Verdict::pass)}), "a/a:x (no result)");
  EXPECT_EQ(noticed(want, {row("a/a", "", Verdict::leak), row("a/a", "x", Verdict::pass)}), "a/a (leak)");
}

TEST(Expected, is_what_the_chosen_cases_give) {
  Reference r;
  r.rows = {row("a/a", "", Verdict::fail), row("a/a", "bad", Verdict::fail),
            row("a/a", "good", Verdict::pass), row("a/a", "known", Verdict::xfail),
            row("b/b", "", Verdict::pass)};
  const auto verdicts = [&](const Ask& ask) {
    std::vector<Verdict> out;
    for (const auto& x : expected(ask, r)) out.push_back(x.verdict.verdict);
    return out;
  };
  EXPECT_THAT(verdicts({"a/a", {"good"}, 0}), ElementsAre(Verdict::pass, Verdict::pass));
  EXPECT_THAT(verdicts({"a/a", {"good", "known"}, 0}),
              ElementsAre(Verdict::xfail, Verdict::pass, Verdict::xfail));
  EXPECT_THAT(verdicts({"b/b", {}, 0}), ElementsAre(Verdict::pass));
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
  EXPECT_NEAR(counts[1].score().value(), 66.7, 0.1);
  EXPECT_EQ(counts[1].score_reached(), 100);
  EXPECT_EQ(counts[2].mutants, 7);
  EXPECT_EQ(counts[2].score(), 60);
  const auto none = counts_of({outcome(1, "a.c", Fate::equivalent)});
  EXPECT_FALSE(none.back().score()) << "nothing was caught, nor missed";
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

TEST(Score, what_is_stored_is_judged_by_the_list_of_today) {
  model::EquivalentMutant e;
  e.file = "a.c";
  e.function = "*";
  MutationRun run;
  run.outcomes = {outcome(1, "a.c", Fate::survived), outcome(2, "b.c", Fate::survived),
                  outcome(3, "b.c", Fate::equivalent), outcome(4, "a.c", Fate::no_code)};
  e.argument = "because";
  const auto now = judged_by(run, {e}).outcomes;
  ASSERT_EQ(now.size(), 3u) << "nobody knows of the third";
  EXPECT_EQ(now[0].fate, Fate::equivalent);
  EXPECT_EQ(now[0].by, "because");
  EXPECT_EQ(now[1].fate, Fate::survived);
  EXPECT_EQ(now[2].fate, Fate::no_code);
}

TEST(Score, functions_without_user_memory_are_left_out_by_name) {
  model::Mutant m;
  m.file = "fs/netfs/buffered_read.c";
  m.function = "netfs_write_begin";
  model::EquivalentMutant e;
  e.file = "fs/netfs/buffered_*.c";
  e.function = "*";
  EXPECT_NE(equivalent(m, {e}), nullptr);
  m.file = "fs/netfs/direct_read.c";
  EXPECT_EQ(equivalent(m, {e}), nullptr);
  e.file = m.file;
  e.function = "netfs_read*";
  EXPECT_EQ(equivalent(m, {e}), nullptr);
}

TEST(Score, by_operator_and_what_was_asked) {
  MutationRun run;
  run.outcomes = {outcome(1, "a.c", Fate::survived), outcome(2, "b.c", Fate::caught)};
  run.outcomes[0].mutant.op = model::MutationOp::skip_dirty;
  run.outcomes[0].tests = 3;
  run.outcomes[0].reaching = 7;
  run.made = 10;
  run.chosen = 4;
  run.seed = 2;
  const auto counts = counts_by_operator(run.outcomes);
  ASSERT_THAT(counts, SizeIs(3));
  EXPECT_EQ(counts[0].file, "drop_release");
  EXPECT_EQ(counts[1].file, "skip_dirty");
  EXPECT_EQ(counts[1].score(), 0);
  const auto text = to_markdown(run);
  EXPECT_THAT(text, HasSubstr("4 of 10 mutants (seed 2), 2 of them not yet shown"));
  EXPECT_THAT(text, HasSubstr("(asked 3 cases of 7 that reach it)"));
}

TEST(Stored, comes_back_as_it_was) {
  MutationRun run;
  run.base = "debian-6.12";
  run.digest = "d";
  run.key = "k";
  run.programs = "/p";
  run.dropped = {4, 5};
  run.measured = {"a/a", "a/b"};
  run.compared = {"a/a"};
  run.plain = {row("a/a", "", Verdict::pass)};
  run.reference.rows = {row("a/a", "", Verdict::leak)};
  run.reference.reached["a/a"] = {1, 2};
  run.reference.wall_s["a/a"] = 0.5;
  run.reference.cases["a/a"] = {{"x", {1}, 0.25}};
  run.outcomes = {outcome(1, "a.c", Fate::caught), outcome(2, "a.c", Fate::survived)};
  run.outcomes[1].budget_s = 25;
  const auto again = from_json(to_json(run), "results.json");
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(to_json(*again), to_json(run));
  EXPECT_EQ(to_text(*again), to_text(run));
  EXPECT_EQ(again->find(2)->fate, Fate::survived);
  EXPECT_EQ(again->find(2)->budget_s, 25);
  EXPECT_THAT(to_markdown(run), HasSubstr("### Survived\n\n`a.c:0`"));
  const auto bad = from_json("{", "results.json");
  ASSERT_TRUE(bad.has_error());
  EXPECT_THAT(bad.error().message, HasSubstr("results.json"));
}

TEST(Settled, a_survivor_is_asked_again_with_more_time_or_by_other_programs) {
  Outcome survivor = outcome(1, "a.c", Fate::survived);
  survivor.budget_s = 25;
  EXPECT_TRUE(is_settled(survivor, true, 25));
  EXPECT_FALSE(is_settled(survivor, true, 60));
  EXPECT_FALSE(is_settled(survivor, false, 25));
  EXPECT_TRUE(is_settled(outcome(2, "a.c", Fate::caught), false, 60));
  EXPECT_FALSE(is_settled(outcome(3, "a.c", Fate::failed), true, 25));
  EXPECT_FALSE(is_settled(outcome(4, "a.c", Fate::never_reached), true, 25));
}

}  // namespace
}  // namespace pinrig::mutate
