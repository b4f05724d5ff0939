// SPDX-License-Identifier: GPL-2.0
// Every rule of assess.h, on runs of a few rows.
#include "assess/assess.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "assess/testing.h"

namespace pinrig::assess {
namespace {

using model::Arch;
using model::Expectation;
using model::Rule;
using model::Verdict;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using enum model::Verdict;

Expectation want(const std::string& tests, std::vector<Verdict> verdicts,
                 std::vector<std::string> points = {}) {
  Expectation e;
  e.tests = tests;
  e.verdicts = std::move(verdicts);
  e.points = std::move(points);
  e.reason = "because of " + tests;
  return e;
}

TEST(Defaults, OnlyPassSkipAndXfailAreFineByThemselves) {
  for (const Verdict v : {pass, fail, skip, xfail, xpass, crash, timeout, leak, missing, error}) {
    Sample run;
    run.add(0, {{"a/a", v}, {"a/a:case", v}});
    const bool fine = v == pass || v == skip || v == xfail;
    const std::string word = std::string(model::to_string(v)) + (fine ? " fine" : " failure");
    EXPECT_THAT(run.words(0), ElementsAre(word, word));
    EXPECT_EQ(run.assess().code, fine ? ExitCode::ok : ExitCode::regressions) << model::to_string(v);
  }
}

TEST(Expectations, ReplaceTheDefaultWhereTheyMatch) {
  const auto words = [](const Expectation& e, Verdict v) {
    Sample run;
    run.add(1, {{"a/a", v}});
    run.rules.expect = {e};
    return run.words(0).at(0);
  };
  EXPECT_EQ(words(want("a/a", {leak}), leak), "leak expectation");
  EXPECT_EQ(words(want("a/a", {leak}), pass), "pass otherwise");
  EXPECT_EQ(words(want("a/b", {leak}), leak), "leak failure");
  EXPECT_EQ(words(want("a/*", {fail, leak}), leak), "leak expectation");
  EXPECT_EQ(words(want("a", {leak}), leak), "leak expectation") << "a suite, as on the command line";
  EXPECT_EQ(words(want("b", {leak}), leak), "leak failure");
}

TEST(Expectations, HoldOnlyAtTheirPointsAndArchitectures) {
  const auto at = [](int point, const Expectation& e, Arch arch = Arch::x86_64) {
    Sample run;
    run.add(point, {{"a/a", leak}}, arch);
    run.rules.expect = {e};
    return run.words(0).at(0) == "leak expectation";
  };
  const auto leak_at = [](const char* where) { return want("a/a", {leak}, {where}); };
  EXPECT_TRUE(at(2, leak_at("tip")));
  EXPECT_FALSE(at(0, leak_at("tip")));
  EXPECT_TRUE(at(0, leak_at("base")));
  EXPECT_FALSE(at(2, leak_at("base")));
  EXPECT_TRUE(at(2, leak_at("2")));
  EXPECT_FALSE(at(2, leak_at("1")));
  Expectation arm = want("a/a", {leak});
  arm.archs = {Arch::aarch64};
  EXPECT_TRUE(at(2, arm, Arch::aarch64));
  EXPECT_FALSE(at(2, arm));
}

TEST(Expectations, TheLastMatchWins) {
  Sample run;
  run.add(1, {{"a/a", leak}});
  run.rules.expect = {want("a/*", {leak}), want("a/a", {pass})};
  EXPECT_THAT(run.words(0), ElementsAre("leak otherwise"));
  EXPECT_THAT(run.assess().kernels[0].guests[0].rows[0].reason, HasSubstr("expected pass: because of a/a"));
  run.rules.expect = {want("a/a", {pass}), want("a/*", {leak})};
  EXPECT_THAT(run.words(0), ElementsAre("leak expectation"));
}

TEST(Repetitions, ARunOfATestIsTheTest) {
  EXPECT_EQ(without_run("bio/a"), "bio/a");
  EXPECT_EQ(without_run("bio/a~12"), "bio/a");
  EXPECT_EQ(without_run("bio/a~"), "bio/a~");
  EXPECT_EQ(without_run("bio/a~x"), "bio/a~x");
}

TEST(Repetitions, AnExpectationIsAboutEveryRun) {
  for (const char* test : {"a/a", "a/a~2"}) {
    Sample run;
    run.add(1, {{test, leak}});
    run.rules.expect = {want("a/a", {leak})};
    EXPECT_EQ(run.words(0).at(0), "leak expectation") << test;
  }
}

TEST(Expectations, TellTestsFromCases) {
  Sample run;
  run.add(1, {{"a/a", leak}, {"a/a:one", pass}, {"a/a:two", fail}});
  run.rules.expect = {want("a/*", {leak})};
  EXPECT_THAT(run.words(0), ElementsAre("leak expectation", "pass fine", "fail failure"));
  run.rules.expect = {want("a/a:two", {fail})};
  EXPECT_THAT(run.words(0), ElementsAre("leak failure", "pass fine", "fail expectation"));
}

TEST(Expectations, AllowACaseWhatItsTestMay) {
  Sample run;
  run.add(1, {{"a/a", fail}, {"a/a:one", fail}, {"b/b", pass}, {"b/b:one", fail}});
  run.rules.expect = {want("a/a", {fail})};
  EXPECT_THAT(run.words(0), ElementsAre("fail expectation", "fail expectation", "pass fine", "fail failure"));
}

TEST(Expectations, AllowMissingCasesOfATestThatWasToCrash) {
  Sample crashed;
  crashed.add(1, {{"a/a", crash}, {"a/a:cases 2 to 9", missing}, {"a/a:one", fail}});
  crashed.rules.expect = {want("a/a", {crash})};
  EXPECT_THAT(crashed.words(0), ElementsAre("crash expectation", "missing consequence", "fail failure"));
  Sample leaked;
  leaked.add(1, {{"a/a", leak}, {"a/a:cases 2 to 9", missing}});
  leaked.rules.expect = {want("a/a", {leak})};
  EXPECT_THAT(leaked.words(0), ElementsAre("leak expectation", "missing failure")) << "a leak ends no test";
}

TEST(Expectations, MustFindSomethingWhenRequired) {
  Expectation e = want("a/*", {leak, missing}, {"tip"});
  e.where = {"series.yaml", 7, 3};
  const auto unmet = [&](int point, Verdict v) {
    Sample run;
    run.add(point, {{"a/a", v}}, Arch::aarch64);
    run.rules.expect = {e};
    return run.assess().kernels[0].unmet;
  };
  EXPECT_THAT(unmet(1, missing), ElementsAre("series.yaml:7:3: expected a/* to be leak or missing at tip on "
                                             "aarch64, but no such test has a verdict"));
  EXPECT_THAT(unmet(0, missing), IsEmpty());
  EXPECT_THAT(unmet(1, leak), IsEmpty());
  e.required = false;
  EXPECT_THAT(unmet(1, missing), IsEmpty());
}

TEST(Expectations, SayNothingAboutTestsThatWereLeftOutButATypoIsFound) {
  Sample run;
  run.add(1, {{"a/one", pass}});
  run.rules.all_tests.push_back("b/two");
  run.rules.expect = {want("b/two:case", {fail})};
  EXPECT_THAT(run.assess().kernels[0].unmet, IsEmpty());
  run.rules.expect = {want("c/three", {pass})};
  EXPECT_THAT(run.assess().kernels[0].unmet, SizeIs(1));
  EXPECT_EQ(run.assess().code, ExitCode::regressions);
}

// The leak is expected. That the kernel warned as well, or a task hung, is hidden behind the worse word.
TEST(Expectations, OfALeakDoNotCoverWhatElseSpeaksAgainstTheTest) {
  const auto words = [](std::vector<model::Verdict> own, std::vector<model::Verdict> allowed) {
    Sample run;
    run.add(1, {{"a/x", leak, 4, std::move(own)}, {"a/x:one", fail}});
    run.rules.expect = {want("a/x", std::move(allowed), {"tip"}), want("a/x:one", {fail}, {"tip"})};
    return run.words(0);
  };
  EXPECT_THAT(words({leak}, {leak}), ElementsAre("leak expectation", "fail expectation"));
  EXPECT_THAT(words({leak, timeout}, {leak}), ElementsAre("leak otherwise", "fail expectation"));
  EXPECT_THAT(words({leak, fail}, {leak}), ElementsAre("leak otherwise", "fail expectation"));
  EXPECT_THAT(words({leak, fail}, {leak, fail}), ElementsAre("leak expectation", "fail expectation"));
}

TEST(Losses, ACaseThatPassesAtTheBaseAndIsSkippedAtTheTipIsLost) {
  Sample run;
  run.add(0, {{"a/x", pass}, {"a/x:one", pass}, {"a/x:two", skip}});
  run.add(1, {{"a/x", pass}, {"a/x:one", skip}, {"a/x:two", skip}});
  EXPECT_THAT(run.words(1), ElementsAre("pass fine", "skip lost", "skip fine"));
  EXPECT_EQ(run.assess().kernels[1].guests[0].rows[1].reference, "base-x86_64");
  EXPECT_EQ(run.assess().code, ExitCode::regressions);
}

TEST(Losses, SoIsOneThatBecameAnXfailAndAWholeTest) {
  Sample run;
  run.add(0, {{"a/x", pass}, {"a/x:one", pass}, {"a/y", pass}});
  run.add(1, {{"a/x", pass}, {"a/x:one", xfail}, {"a/y", skip}});
  EXPECT_THAT(run.words(1), ElementsAre("pass fine", "xfail lost", "skip lost"));
}

TEST(Losses, ACaseThatDisappearsIsALossOfItsOwn) {
  Sample run;
  run.add(0, {{"a/x", pass}, {"a/x:one", pass}, {"a/x:two", fail}});
  run.add(1, {{"a/x", pass}});
  const auto says = run.assess();
  ASSERT_THAT(says.kernels[1].lost, SizeIs(1)) << "a case that failed before is none";
  EXPECT_EQ(says.kernels[1].lost[0].case_name, "one");
  EXPECT_EQ(says.kernels[1].lost[0].reference, "base-x86_64");
  EXPECT_THAT(says.kernels[0].lost, IsEmpty());
  // The base fails a case itself; without it the loss alone has to be red.
  Sample alone;
  alone.add(0, {{"a/x", pass}, {"a/x:one", pass}});
  alone.add(1, {{"a/x", pass}});
  EXPECT_EQ(alone.assess().code, ExitCode::regressions);
}

TEST(Losses, ATestThatDidNotEndSaysSoByItself) {
  Sample run;
  run.add(0, {{"a/x", pass}, {"a/x:one", pass}});
  run.add(1, {{"a/x", crash}});
  EXPECT_THAT(run.assess().kernels[1].lost, IsEmpty());
  EXPECT_THAT(run.words(1), ElementsAre("crash failure"));
}

// The test was an xfail on the base because of another case, so its own row is no loss of a pass.
TEST(Losses, ATestThatIsSkippedAsAWholeLosesTheCasesThatPassed) {
  Sample run;
  run.add(0, {{"a/x", xfail}, {"a/x:one", pass}, {"a/x:two", xfail}});
  run.add(1, {{"a/x", skip}});
  EXPECT_THAT(run.words(1), ElementsAre("skip lost"));
  EXPECT_EQ(run.assess().code, ExitCode::regressions);
  Sample known;
  known.add(0, {{"a/x", fail}, {"a/x:one", pass}, {"a/x:two", fail}});
  known.add(1, {{"a/x", skip}});
  EXPECT_THAT(known.words(1), ElementsAre("skip fine"));
  EXPECT_THAT(known.assess().kernels[1].lost, SizeIs(1)) << "the case that passed";
}

// The report calls both a regression or gone, and so must the exit code.
TEST(Losses, AnXfailThatIsSkippedOrGoneIsOneToo) {
  Sample run;
  run.add(0, {{"a/x", xfail}, {"a/x:one", xfail}, {"a/x:two", xfail}, {"a/x:three", pass}});
  run.add(1, {{"a/x", pass}, {"a/x:one", skip}, {"a/x:three", pass}});
  EXPECT_THAT(run.words(1), ElementsAre("pass fine", "skip lost", "pass fine"));
  EXPECT_THAT(run.assess().kernels[1].lost, SizeIs(1));
}

TEST(Losses, AnExpectationOrAListedSkipThatComesAndGoesCoversThem) {
  Sample run;
  run.add(0, {{"a/x", pass}, {"a/x:one", pass}, {"a/x:two", pass}, {"a/x:three", pass}});
  run.add(1, {{"a/x", pass}, {"a/x:one", skip}, {"a/x:two", skip}, {"a/x:three", skip}});
  run.rules.expect = {want("a/x:one", {skip}, {"tip"})};
  model::AllowedSkip sometimes{
      .tests = "a/x:two", .range = {}, .without = {}, .sometimes = true, .reason = "now and then"};
  model::AllowedSkip always{
      .tests = "a/x:three", .range = {}, .without = {}, .sometimes = false, .reason = "never"};
  run.rules.requirements = {{.name = "r", .range = {}, .capabilities = {}, .skips = {sometimes, always}}};
  EXPECT_THAT(run.words(1), ElementsAre("pass fine", "skip expectation", "skip allowed_skip", "skip lost"));
}

TEST(Losses, AreWeighedPerArchitectureAndConfiguration) {
  Sample run;
  run.add(0, {{"a/x", pass}}, Arch::aarch64);
  run.add(1, {{"a/x", skip}});
  run.kernels.back().config = "debug";
  EXPECT_THAT(run.words(1), ElementsAre("skip fine")) << "no base of its own to compare with";
}

TEST(Kernels, OneThatWasNotBuiltIsOneThingAndNothingElse) {
  Sample run;
  run.add(0, {{"a/x", pass}});
  run.add(1, {});
  run.kernels[1].build = Build::failed;
  run.rules.expect = {want("a/x", {pass})};
  run.rules.capabilities = {{"dio.bdev", "pin"}};
  const auto says = run.assess();
  EXPECT_THAT(says.kernels[1].unmet, IsEmpty());
  EXPECT_THAT(says.kernels[1].lost, IsEmpty());
  EXPECT_EQ(says.code, ExitCode::build);
}

TEST(Kernels, ABaseThatWasNotBuiltIsNoReference) {
  Sample run;
  run.add(0, {});
  run.kernels[0].build = Build::failed;
  run.add(1, {{"a/x", skip}});
  EXPECT_EQ(reference_of(run.kernels, run.kernels[1]), nullptr);
  EXPECT_THAT(run.words(1), ElementsAre("skip fine"));
}

TEST(Kernels, WithoutAnyVerdictTheyAreNotGreen) {
  Sample run;
  run.add(0, {});
  EXPECT_EQ(run.assess().code, ExitCode::regressions);
}

TEST(Kernels, WithoutAnyGuestTheyAreNotGreenNorIsARunWithoutKernels) {
  Sample run;
  run.add(0, {{"a/x", pass}}).guests.clear();
  EXPECT_EQ(run.assess().code, ExitCode::regressions);
  EXPECT_EQ(assess({}, {}).code, ExitCode::harness);
}

TEST(Kernels, PatchesThatChangeNothingAreNotGreen) {
  Sample run;
  run.add(0, {{"a/x", pass}});
  run.add(1, {{"a/x", pass}}).point.tree = "tree0";
  EXPECT_THAT(run.assess().kernels[1].unmet, ElementsAre(HasSubstr("patch 1 changes nothing")));
  EXPECT_EQ(run.assess().code, ExitCode::regressions);
}

TEST(Kernels, WithoutPinCountersNoLeakCanBeSeenSoTheyAreNotGreen) {
  Sample run;
  run.add(1, {{"a/x", pass}}).guests[0].counters = false;
  EXPECT_THAT(run.assess().kernels[0].unmet, ElementsAre(HasSubstr("no pin counters")));
  run.kernels[0].point.version = "5.4.1";
  EXPECT_THAT(run.assess().kernels[0].unmet, IsEmpty()) << "they came with 5.7";
}

TEST(Guests, OneThatIsNotTheMachineThatWasAskedForIsUnmet) {
  Sample run;
  run.add(0, {{"a/x", skip}}).guests[0].setup = {"no NVMe namespace pin-raw:1"};
  EXPECT_THAT(run.assess().kernels[0].unmet, ElementsAre(HasSubstr("no NVMe namespace pin-raw:1")));
}

TEST(Guests, ErrorsOfOursAreNoRegressions) {
  Sample run;
  run.add(0, {{"a/x", error}}).guests[0].outcome->kind = model::JobOutcome::Kind::infra_error;
  EXPECT_EQ(run.assess().code, ExitCode::harness);
  run.kernels[0].guests[0].outcome.reset();
  EXPECT_EQ(run.assess().code, ExitCode::interrupted) << "it never ended";
}

TEST(Fold, RegressionsOutrankBuildsAndAnInterruptionAll) {
  EXPECT_EQ(fold(ExitCode::ok, ExitCode::harness), ExitCode::harness);
  EXPECT_EQ(fold(ExitCode::build, ExitCode::harness), ExitCode::build);
  EXPECT_EQ(fold(ExitCode::build, ExitCode::regressions), ExitCode::regressions);
  EXPECT_EQ(fold(ExitCode::interrupted, ExitCode::regressions), ExitCode::interrupted);
}

}  // namespace
}  // namespace pinrig::assess
