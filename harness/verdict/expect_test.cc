// SPDX-License-Identifier: GPL-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "verdict/compare.h"
#include "verdict/judge.h"

namespace pinrig::verdict {
namespace {

using model::Arch;
using model::Expectation;
using model::Point;
using model::TestVerdict;
using model::Verdict;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TestVerdict row(const std::string& test, const std::string& name, Verdict v) {
  TestVerdict r;
  r.test = test;
  r.case_name = name;
  r.verdict = v;
  return r;
}

Expectation want(const std::string& tests, std::vector<Verdict> verdicts,
                 std::vector<std::string> points = {}) {
  Expectation e;
  e.tests = tests;
  e.verdicts = std::move(verdicts);
  e.points = std::move(points);
  e.reason = "because of " + tests;
  return e;
}

const Point base{0, "base", ""};
const Point middle{1, "1", "first"};
const Point tip{2, "tip", "second"};

bool expected_at(const Point& point, bool is_tip, const Expectation& e, Verdict v, Arch arch = Arch::x86_64) {
  std::vector<TestVerdict> rows{row("a/a", "", v)};
  apply_expectations(rows, {e}, point, is_tip, arch);
  return rows[0].expected;
}

TEST(Expectations, LetOnlyPassSkipAndXfailBeWithoutOne) {
  for (const Verdict v :
       {Verdict::pass, Verdict::fail, Verdict::skip, Verdict::xfail, Verdict::xpass, Verdict::crash,
        Verdict::timeout, Verdict::leak, Verdict::missing, Verdict::error}) {
    std::vector<TestVerdict> rows{row("a/a", "", v), row("a/a", "case", v)};
    EXPECT_THAT(apply_expectations(rows, {}, base, false, Arch::x86_64), IsEmpty());
    const bool fine = v == Verdict::pass || v == Verdict::skip || v == Verdict::xfail;
    EXPECT_EQ(rows[0].expected, fine) << model::to_string(v);
    EXPECT_EQ(rows[1].expected, fine) << model::to_string(v);
  }
}

TEST(AgainstTheBase, APassThatBecomesASkipIsARegression) {
  const std::vector<TestVerdict> before{row("a/lost", "", Verdict::pass), row("a/never", "", Verdict::skip),
                                        row("a/case", "", Verdict::pass), row("a/case", "one", Verdict::pass),
                                        row("a/known", "", Verdict::pass)};
  std::vector<TestVerdict> after{row("a/lost", "", Verdict::skip), row("a/never", "", Verdict::skip),
                                 row("a/case", "", Verdict::pass), row("a/case", "one", Verdict::skip),
                                 row("a/known", "", Verdict::xfail)};
  apply_expectations(after, {want("a/known", {Verdict::xfail})}, tip, true, Arch::x86_64);
  EXPECT_EQ(weigh_against_base(after, before), 1);
  EXPECT_FALSE(after[0].expected);
  EXPECT_THAT(after[0].detail, HasSubstr("passes at the base"));
  for (std::size_t i = 1; i < after.size(); ++i) EXPECT_TRUE(after[i].expected) << after[i].test;
}

TEST(Expectations, ReplaceTheDefaultWhereTheyMatch) {
  EXPECT_TRUE(expected_at(tip, true, want("a/a", {Verdict::leak}), Verdict::leak));
  EXPECT_FALSE(expected_at(tip, true, want("a/a", {Verdict::leak}), Verdict::pass));
  EXPECT_FALSE(expected_at(tip, true, want("a/b", {Verdict::leak}), Verdict::leak));
  EXPECT_TRUE(expected_at(tip, true, want("a/*", {Verdict::fail, Verdict::leak}), Verdict::leak));
}

TEST(Expectations, HoldOnlyAtTheirPointsAndArchitectures) {
  const auto leak_at = [](const char* where) { return want("a/a", {Verdict::leak}, {where}); };
  EXPECT_TRUE(expected_at(tip, true, leak_at("tip"), Verdict::leak));
  EXPECT_FALSE(expected_at(base, false, leak_at("tip"), Verdict::leak));
  EXPECT_FALSE(expected_at(middle, false, leak_at("tip"), Verdict::leak));
  EXPECT_TRUE(expected_at(base, false, leak_at("base"), Verdict::leak));
  EXPECT_FALSE(expected_at(tip, true, leak_at("base"), Verdict::leak));
  EXPECT_TRUE(expected_at(middle, false, leak_at("1"), Verdict::leak));
  EXPECT_TRUE(expected_at(tip, true, leak_at("2"), Verdict::leak));
  EXPECT_FALSE(expected_at(tip, true, leak_at("1"), Verdict::leak));
  Expectation arm = want("a/a", {Verdict::leak});
  arm.archs = {Arch::aarch64};
  EXPECT_TRUE(expected_at(tip, true, arm, Verdict::leak, Arch::aarch64));
  EXPECT_FALSE(expected_at(tip, true, arm, Verdict::leak, Arch::x86_64));
}

TEST(Expectations, TheLastMatchWins) {
  std::vector<TestVerdict> rows{row("a/a", "", Verdict::leak)};
  apply_expectations(rows, {want("a/*", {Verdict::leak}), want("a/a", {Verdict::pass})}, tip, true,
                     Arch::x86_64);
  EXPECT_FALSE(rows[0].expected);
  EXPECT_EQ(rows[0].expectation, "because of a/a");
  apply_expectations(rows, {want("a/a", {Verdict::pass}), want("a/*", {Verdict::leak})}, tip, true,
                     Arch::x86_64);
  EXPECT_TRUE(rows[0].expected);
  EXPECT_EQ(rows[0].expectation, "because of a/*");
}

TEST(Expectations, TellTestsFromCases) {
  std::vector<TestVerdict> rows{row("a/a", "", Verdict::leak), row("a/a", "one", Verdict::pass),
                                row("a/a", "two", Verdict::fail)};
  apply_expectations(rows, {want("a/*", {Verdict::leak})}, tip, true, Arch::x86_64);
  EXPECT_TRUE(rows[0].expected);
  EXPECT_TRUE(rows[1].expected) << "a pattern for tests must not forbid that a case passes";
  EXPECT_FALSE(rows[2].expected);
  apply_expectations(rows, {want("a/a:two", {Verdict::fail})}, tip, true, Arch::x86_64);
  EXPECT_FALSE(rows[0].expected);
  EXPECT_TRUE(rows[2].expected);
  EXPECT_EQ(rows[2].expectation, "because of a/a:two");
}

TEST(Expectations, AllowACaseWhatItsTestMay) {
  std::vector<TestVerdict> rows{row("a/a", "", Verdict::fail), row("a/a", "one", Verdict::fail),
                                row("b/b", "", Verdict::pass), row("b/b", "one", Verdict::fail)};
  apply_expectations(rows, {want("a/a", {Verdict::fail})}, tip, true, Arch::x86_64);
  EXPECT_TRUE(rows[1].expected);
  EXPECT_EQ(rows[1].expectation, "because of a/a");
  EXPECT_FALSE(rows[3].expected);
}

TEST(Expectations, AllowMissingCasesOfATestThatWasToCrash) {
  std::vector<TestVerdict> rows{row("a/a", "", Verdict::crash), row("a/a", "cases 2 to 9", Verdict::missing),
                                row("a/a", "one", Verdict::fail)};
  apply_expectations(rows, {want("a/a", {Verdict::crash})}, tip, true, Arch::x86_64);
  EXPECT_TRUE(rows[1].expected);
  EXPECT_FALSE(rows[2].expected);
  rows[0].verdict = Verdict::leak;
  apply_expectations(rows, {want("a/a", {Verdict::leak})}, tip, true, Arch::x86_64);
  EXPECT_FALSE(rows[1].expected) << "a leak does not end a test";
}

TEST(Expectations, MustFindSomethingWhenRequired) {
  std::vector<TestVerdict> rows{row("a/a", "", Verdict::missing)};
  Expectation e = want("a/*", {Verdict::leak, Verdict::missing}, {"tip"});
  e.where = {"series.yaml", 7, 3};
  EXPECT_THAT(
      apply_expectations(rows, {e}, tip, true, Arch::aarch64),
      ElementsAre(
          "series.yaml:7:3: a/* was to be leak or missing at tip on aarch64, but no such test was judged"));
  EXPECT_THAT(apply_expectations(rows, {e}, base, false, Arch::aarch64), IsEmpty());
  rows[0].verdict = Verdict::leak;
  EXPECT_THAT(apply_expectations(rows, {e}, tip, true, Arch::aarch64), IsEmpty());
  rows.clear();
  e.required = false;
  EXPECT_THAT(apply_expectations(rows, {e}, tip, true, Arch::aarch64), IsEmpty());
}

struct Pair {
  Verdict base;
  Verdict tip;
  DeltaKind kind;
};

TEST(Compare, OrdersVerdicts) {
  using enum Verdict;
  for (const Pair& p :
       {Pair{pass, pass, DeltaKind::same},          Pair{pass, fail, DeltaKind::regression},
        Pair{fail, pass, DeltaKind::fixed},         Pair{pass, skip, DeltaKind::regression},
        Pair{skip, pass, DeltaKind::fixed},         Pair{pass, xfail, DeltaKind::regression},
        Pair{xfail, pass, DeltaKind::fixed},        Pair{fail, skip, DeltaKind::same},
        Pair{skip, fail, DeltaKind::regression},    Pair{fail, leak, DeltaKind::regression},
        Pair{leak, fail, DeltaKind::same},          Pair{crash, fail, DeltaKind::same},
        Pair{fail, crash, DeltaKind::regression},   Pair{pass, missing, DeltaKind::regression},
        Pair{missing, pass, DeltaKind::fixed},      Pair{pass, xpass, DeltaKind::regression},
        Pair{error, xfail, DeltaKind::fixed},       Pair{pass, leak, DeltaKind::regression},
        Pair{pass, timeout, DeltaKind::regression}, Pair{leak, leak, DeltaKind::same}}) {
    const auto deltas = compare({row("a", "", p.base)}, {row("a", "", p.tip)});
    ASSERT_EQ(deltas.size(), 1U);
    EXPECT_STREQ(to_string(deltas[0].kind), to_string(p.kind))
        << model::to_string(p.base) << " " << model::to_string(p.tip);
    EXPECT_EQ(deltas[0].base, p.base);
    EXPECT_EQ(deltas[0].tip, p.tip);
  }
}

TEST(Compare, KnowsWhatIsNewAndWhatIsGone) {
  const auto d =
      compare({row("a", "", Verdict::pass), row("a", "old", Verdict::fail)},
              {row("b", "", Verdict::leak), row("a", "", Verdict::pass), row("a", "", Verdict::fail)});
  ASSERT_EQ(d.size(), 3U);
  EXPECT_STREQ(to_string(d[0].kind), "new");
  EXPECT_EQ(d[0].test, "b");
  EXPECT_FALSE(d[0].base.has_value());
  EXPECT_STREQ(to_string(d[1].kind), "same") << "of two rows with one name the first counts";
  EXPECT_STREQ(to_string(d[2].kind), "gone");
  EXPECT_EQ(d[2].case_name, "old");
  EXPECT_FALSE(d[2].tip.has_value());
}

std::vector<std::string> globs(const std::vector<Expectation>& list) {
  std::vector<std::string> out;
  for (const auto& e : list) out.push_back(e.tests);
  return out;
}

TEST(Share, AGuestAnswersForItsOwnTests) {
  const std::vector<Expectation> all{want("a/*", {Verdict::pass}), want("b/two:case", {Verdict::fail}),
                                     want("kernel/console", {Verdict::crash})};
  EXPECT_THAT(globs(share_of(all, {{"a/one"}, {"a/one", "b/two"}, {"a/one", "b/two"}, true})),
              ElementsAre("a/*", "kernel/console"));
  EXPECT_THAT(globs(share_of(all, {{"b/two"}, {"a/one", "b/two"}, {"a/one", "b/two"}, false})),
              ElementsAre("b/two:case", "kernel/console"));
}

TEST(Share, WhatWasNotChosenIsNotAsked) {
  EXPECT_THAT(share_of({want("b/two", {Verdict::pass})}, {{"a/one"}, {"a/one"}, {"a/one", "b/two"}, true}),
              IsEmpty());
}

TEST(Share, ATestThatDoesNotExistIsTheMainGuestsAffair) {
  const std::vector<Expectation> typo{want("c/three", {Verdict::pass})};
  EXPECT_THAT(globs(share_of(typo, {{"a/one"}, {"a/one"}, {"a/one"}, true})), ElementsAre("c/three"));
  EXPECT_THAT(share_of(typo, {{"b/two"}, {"b/two"}, {"b/two"}, false}), IsEmpty());
}

TEST(Capabilities, AGuestThatDoesNotProbeThemAllIsAskedForThoseItSaw) {
  EXPECT_THAT(check_capabilities({{"dio.bdev", "pin"}, {"alg", "pin"}}, {{"dio.bdev", "get"}}, false),
              ElementsAre("capability dio.bdev: pin is required, get was found"));
}

}  // namespace
}  // namespace pinrig::verdict
