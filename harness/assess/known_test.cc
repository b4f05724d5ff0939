// SPDX-License-Identifier: GPL-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "assess/rows.h"
#include "assess/testing.h"

namespace pinrig::assess {
namespace {

using model::Arch;
using model::KnownIssue;
using model::Verdict;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using enum model::Verdict;

KnownIssue issue(const std::string& glob, std::vector<Verdict> seen, std::int64_t pages = 0) {
  KnownIssue i;
  i.name = "sg-leak";
  i.tests = {glob};
  i.seen = std::move(seen);
  i.pages = pages;
  i.reason = "a page leaks";
  i.reference = "block/blk-map.c";
  return i;
}

Sample run_of(const std::vector<SeenRow>& rows, const KnownIssue& known) {
  Sample run;
  run.add(0, rows);
  run.rules.known_issues = {known};
  return run;
}

TEST(KnownIssues, StayWhatWasSeenAndAreExcused) {
  const Sample run = run_of({{"a/sg", fail}, {"a/sg:merge", fail}, {"a/sg:flat", pass}, {"a/other", leak}},
                            issue("a/sg:merge", {fail}));
  EXPECT_THAT(run.words(0), ElementsAre("fail known_issue", "fail known_issue", "pass fine", "leak failure"));
  const auto says = run.assess().kernels[0];
  EXPECT_EQ(says.guests[0].rows[0].reference, "sg-leak");
  EXPECT_EQ(says.guests[0].rows[0].reason, "a page leaks (block/blk-map.c)");
  EXPECT_THAT(says.known, ElementsAre("known issue sg-leak (a page leaks) in a/sg"));
}

TEST(KnownIssues, AnotherVerdictIsNotCovered) {
  EXPECT_THAT(run_of({{"a/sg", crash}, {"a/sg:merge", crash}}, issue("a/sg:merge", {fail})).words(0),
              ElementsAre("crash failure", "crash failure"));
}

TEST(KnownIssues, ATestWithAnotherFailingCaseIsNotKnown) {
  EXPECT_THAT(run_of({{"a/sg", fail}, {"a/sg:merge", fail}, {"a/sg:flat", fail}}, issue("a/sg:merge", {fail}))
                  .words(0),
              ElementsAre("fail failure", "fail known_issue", "fail failure"));
}

// The case is known; the kernel's warning, or a task that hangs, is not.
TEST(KnownIssues, OfACaseDoNotExplainWhatSpeaksAgainstTheTestBesideIt) {
  const auto words = [](std::vector<Verdict> own, Verdict of_test, const std::string& glob = "a/sg:merge") {
    return run_of({{"a/sg", of_test, of_test == leak ? 4 : 0, std::move(own)}, {"a/sg:merge", fail}},
                  issue(glob, {fail, leak}, 4))
        .words(0);
  };
  EXPECT_THAT(words({}, fail), ElementsAre("fail known_issue", "fail known_issue"));
  EXPECT_THAT(words({fail}, fail), ElementsAre("fail failure", "fail known_issue"));
  EXPECT_THAT(words({leak}, leak), ElementsAre("leak known_issue", "fail known_issue"));
  EXPECT_THAT(words({leak, timeout}, leak), ElementsAre("leak failure", "fail known_issue"));
  EXPECT_THAT(words({leak, fail}, leak), ElementsAre("leak failure", "fail known_issue"));
  EXPECT_THAT(words({fail}, fail, "a/sg:*").at(0), "fail failure");
  EXPECT_THAT(words({fail}, fail, "a/sg:").at(0), "fail known_issue") << "its own row is named";
}

TEST(KnownIssues, ALeakIsKnownUpToItsPages) {
  const auto words = [](std::int64_t left) {
    return run_of({{"a/sg", leak, left}, {"a/sg:merge", fail}}, issue("a/sg:merge", {fail, leak}, 4))
        .words(0);
  };
  EXPECT_THAT(words(4), ElementsAre("leak known_issue", "fail known_issue"));
  EXPECT_THAT(words(5), ElementsAre("leak issue_worse", "fail known_issue"));
  EXPECT_THAT(words(-5), ElementsAre("leak issue_worse", "fail known_issue"));
}

TEST(KnownIssues, AtAPatchedPointTheBaseMustShowTheSameAndNoLess) {
  const auto tip = [](const std::vector<SeenRow>& base, const std::vector<SeenRow>& patched) {
    Sample run;
    run.add(0, base);
    run.add(1, patched);
    run.rules.known_issues = {issue("a/sg:merge", {fail, leak}, 1000)};
    return run.words(1);
  };
  const std::vector<SeenRow> known{{"a/sg", leak, 4}, {"a/sg:merge", fail}};
  EXPECT_THAT(tip(known, known), ElementsAre("leak known_issue", "fail known_issue"));
  EXPECT_THAT(tip(known, {{"a/sg", leak, 900}, {"a/sg:merge", fail}}),
              ElementsAre("leak issue_worse", "fail known_issue"));
  EXPECT_THAT(tip({{"a/sg", pass}, {"a/sg:merge", pass}}, {{"a/sg", fail}, {"a/sg:merge", fail}}),
              ElementsAre("fail failure", "fail issue_worse"));
}

TEST(KnownIssues, AtAPatchedPointALeakIsNoOverReleaseAndANewCaseIsNotKnown) {
  Sample run;
  run.add(0, {{"a/sg", leak, -32}});
  run.add(1, {{"a/sg", leak, 16}});
  run.rules.known_issues = {issue("a/sg:", {leak}, 1000)};
  EXPECT_THAT(run.words(1), ElementsAre("leak issue_worse"));
  EXPECT_THAT(run.assess().kernels[1].guests[0].rows[0].reason,
              HasSubstr("-32 pages outstanding on base-x86_64 and +16 here"));
  Sample fresh;
  fresh.add(0, {{"a/sg", pass}, {"a/sg:merge", pass}});
  fresh.add(1, {{"a/sg", fail}, {"a/sg:merge", pass}, {"a/sg:merge_4", fail}});
  fresh.rules.known_issues = {issue("a/sg:merge_*", {fail})};
  EXPECT_THAT(fresh.words(1), ElementsAre("fail failure", "pass fine", "fail issue_worse"));
}

TEST(KnownIssues, AtAPatchedPointWithoutABaseNothingIsKnown) {
  const std::vector<SeenRow> seen{{"a/sg", leak, 4}, {"a/sg:merge", fail}};
  Sample alone;
  alone.add(1, seen);
  alone.rules.known_issues = {issue("a/sg:merge", {fail, leak}, 4)};
  EXPECT_THAT(alone.words(0), ElementsAre("leak failure", "fail issue_worse"));
  EXPECT_THAT(alone.assess().kernels[0].guests[0].rows[1].reason, HasSubstr("add the point base"));
  Sample unjudged = alone;
  unjudged.kernels.clear();
  unjudged.add(0, {});
  unjudged.add(1, seen);
  EXPECT_THAT(unjudged.words(1), ElementsAre("leak failure", "fail issue_worse"))
      << "nothing of it was judged";
}

TEST(KnownIssues, AnOwnRowIsNamedWithoutACase) {
  EXPECT_THAT(
      run_of({{"a/sg", crash}, {"a/sg:one", pass}, {"a/sg:two", missing}}, issue("a/sg:", {crash})).words(0),
      ElementsAre("crash known_issue", "pass fine", "missing consequence"));
}

TEST(KnownIssues, OneThatIsNoLongerSeenIsASurpriseUnlessPatchesDidIt) {
  const std::vector<SeenRow> good{{"a/sg", pass}, {"a/sg:flat", pass}, {"a/sg:merge", pass}};
  Sample run = run_of(good, issue("a/sg:merge", {fail}));
  EXPECT_THAT(run.words(0), ElementsAre("pass fine", "pass fine", "pass issue_gone"));
  EXPECT_EQ(run.assess().code, ExitCode::regressions);
  EXPECT_THAT(run.assess().kernels[0].guests[0].rows[2].reason,
              HasSubstr("configs/known-issues/sg-leak.yaml"));
  Sample patched;
  patched.add(1, good);
  patched.rules.known_issues = run.rules.known_issues;
  EXPECT_THAT(patched.words(0), ElementsAre("pass fine", "pass fine", "pass issue_fixed"));
  EXPECT_THAT(patched.assess().kernels[0].known, ElementsAre(HasSubstr("is fixed here")));
}

TEST(KnownIssues, WithoutTheCasesThatItNamesATestSaysNothing) {
  auto nfs = issue("a/sg:merge", {fail});
  nfs.tests.push_back("a/sg:");
  EXPECT_THAT(run_of({{"a/sg", pass}, {"a/sg:flat", pass}}, nfs).words(0),
              ElementsAre("pass fine", "pass fine"));
  EXPECT_THAT(run_of({{"a/sg", pass}, {"a/sg:flat", pass}, {"a/sg:merge", pass}}, nfs).words(0),
              ElementsAre("pass fine", "pass fine", "pass issue_gone"));
  EXPECT_THAT(run_of({{"a/sg", pass}, {"a/sg:flat", pass}}, issue("a/sg:", {fail})).words(0),
              ElementsAre("pass issue_gone", "pass fine"));
}

TEST(KnownIssues, WhatWasNotJudgedOrComesAndGoesIsNotMissed) {
  auto sometimes = issue("a/sg:x", {fail});
  sometimes.sometimes = true;
  EXPECT_THAT(run_of({{"a/sg", pass}, {"a/sg:x", pass}}, sometimes).words(0),
              ElementsAre("pass fine", "pass fine"));
  for (const Verdict v : {skip, missing, error}) {
    const auto run = run_of({{"a/sg", v}, {"a/sg:x", v}}, issue("a/sg:x", {fail}));
    EXPECT_THAT(run.assess().kernels[0].known, IsEmpty()) << model::to_string(v);
  }
}

Sample skips(const std::vector<SeenRow>& rows, const std::vector<std::string>& globs) {
  Sample run;
  run.add(0, rows);
  model::Requirements r{.name = "r", .range = {}, .capabilities = {}, .skips = {}};
  for (const auto& g : globs)
    r.skips.push_back({.tests = g, .range = {}, .without = {}, .sometimes = false, .reason = "because"});
  run.rules.requirements = {r};
  return run;
}

TEST(Skips, WithoutAFileForTheKernelAreFine) {
  Sample run;
  run.add(0, {{"a/x", skip}});
  EXPECT_THAT(run.words(0), ElementsAre("skip fine"));
}

TEST(Skips, ThatNoFileListsAreUnexpected) {
  EXPECT_THAT(skips({{"a/x", pass}, {"a/x:one", skip}, {"a/x:two", skip}}, {"a/x:two"}).words(0),
              ElementsAre("pass fine", "skip unlisted_skip", "skip allowed_skip"));
}

TEST(Skips, APatternWithoutAColonCoversTestAndCases) {
  EXPECT_THAT(skips({{"a/x", skip}, {"a/x:one", skip}}, {"a/*"}).words(0),
              ElementsAre("skip allowed_skip", "skip allowed_skip"));
}

TEST(Skips, ATestAllOfWhoseCasesMaySkipMaySkip) {
  EXPECT_THAT(skips({{"a/x", skip}, {"a/x:one", skip}, {"b/y", skip}}, {"a/x:*"}).words(0),
              ElementsAre("skip fine", "skip allowed_skip", "skip unlisted_skip"));
}

TEST(Skips, OfTheHarnessAndOfTheRunNeedNoLeave) {
  Sample run = skips({{"a/y", skip}}, {});
  model::TestResult foreseen = result_of({"a/x", skip});
  foreseen.verdict.foreseen = true;
  run.kernels[0].guests[0].rows.push_back(&foreseen);
  model::Expectation e;
  e.tests = "a/y";
  e.verdicts = {skip};
  run.rules.expect = {e};
  EXPECT_THAT(run.words(0), ElementsAre("skip expectation", "skip fine"));
}

TEST(KnowledgeOf, PicksByKernelVersionAndArchitecture) {
  model::Requirements all{
      .name = "all", .range = {}, .capabilities = {{"zeropage_pin", "none"}}, .skips = {}};
  model::Requirements newer{
      .name = "newer", .range = {.since = "6.5"}, .capabilities = {{"dio.bdev", "pin"}}, .skips = {}};
  newer.skips = {
      {.tests = "a/x",
       .range = {.archs = {Arch::aarch64}},
       .without = {},
       .sometimes = false,
       .reason = "no firmware"},
      {.tests = "a/y", .range = {.until = "6.6"}, .without = {}, .sometimes = false, .reason = "came later"}};
  KnownIssue old = issue("a/sg:x", {fail});
  old.range.bases = {"debian-6.1"};
  old.range.until = "6.1";
  const auto at = [&](const std::string& base, const std::string& version, Arch arch) {
    Sample run;
    auto& k = run.add(0, {}, arch);
    k.point.version = version;
    run.rules.base = base;
    run.rules.requirements = {all, newer};
    run.rules.known_issues = {old};
    return knowledge_of(run.rules, run.kernels[0]);
  };
  const auto six1 = at("debian-6.1", "6.1.192", Arch::x86_64);
  EXPECT_EQ(six1.capabilities.size(), 1u);
  EXPECT_EQ(six1.issues.size(), 1u);
  const auto six12 = at("debian-6.12", "6.12.117", Arch::aarch64);
  EXPECT_EQ(six12.capabilities.at("dio.bdev"), "pin");
  ASSERT_EQ(six12.skips.size(), 1u);
  EXPECT_EQ(six12.skips[0].tests, "a/x");
  EXPECT_THAT(six12.issues, IsEmpty());
  EXPECT_TRUE(six12.covered);
}

TEST(KnowledgeOf, TheVersionIsThatOfThePointNotOfTheBase) {
  Sample run;
  run.add(0, {{"a/sg", pass}});
  run.add(1, {{"a/sg", pass}}).point.version = "6.13.0";
  KnownIssue i = issue("a/sg:", {fail});
  i.range.since = "6.13";
  run.rules.known_issues = {i};
  EXPECT_THAT(knowledge_of(run.rules, run.kernels[0]).issues, IsEmpty());
  EXPECT_EQ(knowledge_of(run.rules, run.kernels[1]).issues.size(), 1u);
}

TEST(KnowledgeOf, ALaterFileMayRequireAnotherValueOfAKernelBuiltWithoutASymbol) {
  model::Requirements all{
      .name = "a", .range = {}, .without = {}, .capabilities = {{"secretmem", "yes"}}, .skips = {}};
  model::Requirements some{
      .name = "a-some", .range = {}, .without = {"FULL"}, .capabilities = {{"secretmem", "no"}}, .skips = {}};
  const auto required = [&](std::map<std::string, std::string> config) {
    Sample run;
    run.add(0, {}).symbols = std::move(config);
    run.rules.requirements = {all, some};
    return knowledge_of(run.rules, run.kernels[0]).capabilities.at("secretmem");
  };
  EXPECT_EQ(required({{"FULL", "y"}}), "yes");
  EXPECT_EQ(required({{"FULL", "n"}}), "no");
  EXPECT_EQ(required({}), "no");
}

TEST(KnowledgeOf, SkipsAndIssuesMayDependOnWhatTheKernelWasBuiltWithout) {
  model::Requirements r{.name = "r", .range = {}, .capabilities = {}, .skips = {}};
  r.skips = {
      {.tests = "a/x", .range = {}, .without = {"UDMABUF"}, .sometimes = false, .reason = "no driver"}};
  KnownIssue i = issue("a/x:y", {fail});
  i.without = {"UDMABUF"};
  const auto known = [&](std::map<std::string, std::string> config) {
    Sample run;
    run.add(0, {}).symbols = std::move(config);
    run.rules.requirements = {r};
    run.rules.known_issues = {i};
    const auto k = knowledge_of(run.rules, run.kernels[0]);
    return k.skips.size() + k.issues.size();
  };
  EXPECT_EQ(known({{"UDMABUF", "y"}}), 0u);
  EXPECT_EQ(known({{"UDMABUF", "n"}}), 2u);
  EXPECT_EQ(known({}), 2u);
}

}  // namespace
}  // namespace pinrig::assess
