// SPDX-License-Identifier: GPL-2.0
#include "verdict/known.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinrig::verdict {
namespace {

using model::Arch;
using model::KnownIssue;
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
  r.expected = v == Verdict::pass || v == Verdict::skip || v == Verdict::xfail;
  r.detail = "detail";
  return r;
}

KnownIssue issue(const std::string& glob, std::vector<Verdict> seen) {
  KnownIssue i;
  i.name = "sg-leak";
  i.tests = {glob};
  i.seen = std::move(seen);
  i.reason = "a page leaks";
  i.reference = "block/blk-map.c";
  return i;
}

std::vector<std::string> words(const std::vector<TestVerdict>& rows) {
  std::vector<std::string> out;
  for (const auto& r : rows)
    out.push_back(std::string(model::to_string(r.verdict)) + (r.expected ? "" : "!"));
  return out;
}

TEST(KnownIssues, AreXfailWithTheirReason) {
  std::vector<TestVerdict> rows{row("a/sg", "", Verdict::leak), row("a/sg", "merge", Verdict::fail),
                                row("a/sg", "flat", Verdict::pass), row("a/other", "", Verdict::leak)};
  const Knowledge known{.issues = {issue("a/sg", {Verdict::leak, Verdict::fail})}};
  EXPECT_THAT(apply_known_issues(rows, known, false),
              ElementsAre("known issue sg-leak (a page leaks) in a/sg"));
  EXPECT_THAT(words(rows), ElementsAre("xfail", "xfail", "pass", "leak!"));
  EXPECT_EQ(rows[0].detail, "leak: detail");
  EXPECT_EQ(rows[0].expectation, "known issue sg-leak: a page leaks (block/blk-map.c)");
}

TEST(KnownIssues, AnotherVerdictIsNotCovered) {
  std::vector<TestVerdict> rows{row("a/sg", "", Verdict::crash)};
  EXPECT_THAT(apply_known_issues(rows, {.issues = {issue("a/sg", {Verdict::leak})}}, false), IsEmpty());
  EXPECT_THAT(words(rows), ElementsAre("crash!"));
}

TEST(KnownIssues, ATestThatFailsForItsKnownCasesOnlyIsKnown) {
  const Knowledge known{.issues = {issue("a/sg:merge*", {Verdict::fail})}};
  std::vector<TestVerdict> rows{row("a/sg", "", Verdict::fail), row("a/sg", "merge_2", Verdict::fail),
                                row("a/sg", "flat", Verdict::pass)};
  apply_known_issues(rows, known, false);
  EXPECT_THAT(words(rows), ElementsAre("xfail", "xfail", "pass"));
  rows = {row("a/sg", "", Verdict::fail), row("a/sg", "merge_2", Verdict::fail),
          row("a/sg", "flat", Verdict::fail)};
  apply_known_issues(rows, known, false);
  EXPECT_THAT(words(rows), ElementsAre("fail!", "xfail", "fail!"));
  rows = {row("a/sg", "", Verdict::leak), row("a/sg", "merge_2", Verdict::fail)};
  apply_known_issues(rows, known, false);
  EXPECT_THAT(words(rows), ElementsAre("leak!", "xfail")) << "a leak of the test is not what is known";
}

TEST(KnownIssues, AKnownCrashTakesItsCasesAlong) {
  std::vector<TestVerdict> rows{row("a/sg", "", Verdict::crash), row("a/sg", "one", Verdict::pass),
                                row("a/sg", "two", Verdict::missing)};
  apply_known_issues(rows, {.issues = {issue("a/sg", {Verdict::crash})}}, false);
  EXPECT_THAT(words(rows), ElementsAre("xfail", "pass", "missing"));
}

TEST(KnownIssues, OneThatIsNoLongerSeenIsASurpriseUnlessPatchesDidIt) {
  const Knowledge known{.issues = {issue("a/sg:merge", {Verdict::fail})}};
  const std::vector<TestVerdict> good{row("a/sg", "", Verdict::pass), row("a/sg", "flat", Verdict::pass),
                                      row("a/sg", "merge", Verdict::pass)};
  auto rows = good;
  EXPECT_THAT(apply_known_issues(rows, known, false), ElementsAre(HasSubstr("no longer seen in a/sg:merge")));
  EXPECT_THAT(words(rows), ElementsAre("pass", "pass", "xpass!"));
  EXPECT_THAT(rows[2].detail, HasSubstr("configs/known-issues/sg-leak.yaml"));
  rows = good;
  EXPECT_THAT(apply_known_issues(rows, known, true), ElementsAre(HasSubstr("is fixed here")));
  EXPECT_THAT(words(rows), ElementsAre("pass", "pass", "pass"));
  EXPECT_THAT(rows[2].expectation, HasSubstr("fixed"));
}

TEST(KnownIssues, WhatWasNotJudgedOrComesAndGoesIsNotMissed) {
  auto sometimes = issue("a/sg", {Verdict::fail});
  sometimes.sometimes = true;
  std::vector<TestVerdict> rows{row("a/sg", "", Verdict::pass)};
  EXPECT_THAT(apply_known_issues(rows, {.issues = {sometimes}}, false), IsEmpty());
  for (const Verdict v : {Verdict::skip, Verdict::missing, Verdict::error}) {
    rows = {row("a/sg", "", v)};
    EXPECT_THAT(apply_known_issues(rows, {.issues = {issue("a/sg", {Verdict::fail})}}, false), IsEmpty());
    EXPECT_EQ(rows[0].verdict, v);
  }
}

Knowledge skips(const std::vector<std::string>& globs) {
  Knowledge k{.lists_skips = true};
  for (const auto& g : globs) k.skips.push_back({g, {}, {}, "because"});
  return k;
}

TEST(Skips, WithoutAFileForTheKernelAreLeftAlone) {
  std::vector<TestVerdict> rows{row("a/x", "", Verdict::skip)};
  EXPECT_EQ(judge_skips(rows, {}), 0);
  EXPECT_THAT(words(rows), ElementsAre("skip"));
}

TEST(Skips, ThatNoFileListsAreUnexpected) {
  std::vector<TestVerdict> rows{row("a/x", "", Verdict::pass), row("a/x", "one", Verdict::skip),
                                row("a/x", "two", Verdict::skip)};
  EXPECT_EQ(judge_skips(rows, skips({"a/x:two"})), 1);
  EXPECT_THAT(words(rows), ElementsAre("pass", "skip!", "skip"));
  EXPECT_EQ(rows[1].detail, "detail; no file of configs/expectations lists this skip");
}

TEST(Skips, APatternWithoutAColonCoversTestAndCases) {
  std::vector<TestVerdict> rows{row("a/x", "", Verdict::skip), row("a/x", "one", Verdict::skip)};
  EXPECT_EQ(judge_skips(rows, skips({"a/*"})), 0);
  EXPECT_THAT(words(rows), ElementsAre("skip", "skip"));
}

TEST(Skips, ATestAllOfWhoseCasesMaySkipMaySkip) {
  std::vector<TestVerdict> rows{row("a/x", "", Verdict::skip), row("a/x", "one", Verdict::skip),
                                row("b/y", "", Verdict::skip)};
  EXPECT_EQ(judge_skips(rows, skips({"a/x:*"})), 1);
  EXPECT_THAT(words(rows), ElementsAre("skip", "skip", "skip!"));
}

TEST(Skips, OfTheHarnessAndOfTheRunNeedNoLeave) {
  auto foreseen = row("a/x", "", Verdict::skip);
  foreseen.foreseen = true;
  auto said = row("a/y", "", Verdict::skip);
  said.expectation = "the series says so";
  std::vector<TestVerdict> rows{foreseen, said};
  EXPECT_EQ(judge_skips(rows, skips({})), 0);
}

TEST(KnowledgeOf, PicksByKernelVersionAndArchitecture) {
  model::Requirements all{.name = "all", .capabilities = {{"zeropage_pin", "none"}}};
  model::Requirements newer{
      .name = "newer", .range = {.since = "6.5"}, .capabilities = {{"dio.bdev", "pin"}}};
  newer.skips = {{"a/x", {.archs = {Arch::aarch64}}, {}, "no firmware"},
                 {"a/y", {.until = "6.6"}, {}, "came later"}};
  KnownIssue old = issue("a/sg", {Verdict::fail});
  old.range.bases = {"debian-6.1"};
  old.range.until = "6.1";
  const auto at = [&](const std::string& base, const std::string& version, Arch arch) {
    return knowledge_of({all, newer}, {old}, {base, version, arch, {}});
  };
  const auto six1 = at("debian-6.1", "6.1.192", Arch::x86_64);
  EXPECT_EQ(six1.capabilities.size(), 1u);
  EXPECT_EQ(six1.issues.size(), 1u);
  const auto six12 = at("debian-6.12", "6.12.117", Arch::aarch64);
  EXPECT_EQ(six12.capabilities.at("dio.bdev"), "pin");
  ASSERT_EQ(six12.skips.size(), 1u);
  EXPECT_EQ(six12.skips[0].tests, "a/x");
  EXPECT_THAT(six12.issues, IsEmpty());
  EXPECT_TRUE(six12.lists_skips);
  EXPECT_FALSE(knowledge_of({newer}, {}, {"debian-6.1", "6.1.192", Arch::x86_64, {}}).lists_skips);
}

TEST(KnowledgeOf, ASkipMayDependOnWhatTheKernelWasBuiltWithout) {
  model::Requirements r{.name = "r"};
  r.skips = {{"a/x", {}, {"UDMABUF"}, "no driver"}};
  const auto skips = [&](std::map<std::string, std::string> config) {
    return knowledge_of({r}, {}, {"b", "6.1", Arch::x86_64, std::move(config)}).skips.size();
  };
  EXPECT_EQ(skips({{"UDMABUF", "y"}}), 0u);
  EXPECT_EQ(skips({{"UDMABUF", "n"}}), 1u);
  EXPECT_EQ(skips({}), 1u);
}

TEST(KnowledgeOf, AnIssueMayDependOnWhatTheKernelWasBuiltWithout) {
  KnownIssue large = issue("a/sg", {Verdict::fail});
  large.without = {"ARM64_4K_PAGES"};
  const auto issues = [&](std::map<std::string, std::string> config) {
    return knowledge_of({}, {large}, {"b", "6.12", Arch::aarch64, std::move(config)}).issues.size();
  };
  EXPECT_EQ(issues({{"ARM64_4K_PAGES", "y"}}), 0u);
  EXPECT_EQ(issues({{"ARM64_16K_PAGES", "y"}}), 1u);
}

}  // namespace
}  // namespace pinrig::verdict
