// SPDX-License-Identifier: GPL-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "assess/testing.h"

namespace pinrig::assess {
namespace {

using model::Splat;
using model::SplatRule;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using enum model::Verdict;

SplatRule entry(bool allow, const std::string& kind, const std::string& title = "") {
  SplatRule r;
  r.name = "noisy:3";
  r.allow = allow;
  r.kind = kind;
  r.title = title;
  r.reason = "a false positive";
  return r;
}

const Splat circular{"lockdep", "lockdep: possible circular locking dependency in gup_fast", fail};
const Splat warning{"warning", "WARNING at mm/gup.c in gup_fast", fail};
const Splat dump{"page_dump", "page dumped: gup_test", pass};

// A test with one case that passes, and whatever the kernel reported meanwhile.
Sample run_with(const std::vector<Splat>& splats, const std::vector<SplatRule>& rules,
                std::vector<model::Verdict> apart = {}) {
  Sample run;
  const auto verdict = splats.empty() || splats.front().verdict == pass ? pass : fail;
  run.add(
      0, {{"a/one", verdict, 0, {verdict}, splats, std::move(apart)}, {"a/one:case", pass}, {"a/two", pass}});
  run.rules.splats = rules;
  run.rules.today = "2026-11-30";
  return run;
}

std::string first_word(const Sample& run) { return run.words(0).at(0); }

TEST(SplatPolicy, WithoutAFileEveryReportCounts) {
  EXPECT_EQ(first_word(run_with({circular}, {})), "fail failure");
  EXPECT_THAT(run_with({circular}, {}).assess().kernels[0].known, IsEmpty());
}

TEST(SplatPolicy, AnAllowedReportDoesNotCount) {
  const auto run = run_with({circular}, {entry(true, "lockdep", "*circular*")});
  EXPECT_EQ(first_word(run), "fail allowed_splat");
  const auto says = run.assess();
  EXPECT_EQ(says.code, ExitCode::ok);
  EXPECT_EQ(says.kernels[0].guests[0].rows[0].reference, "noisy:3");
  EXPECT_EQ(says.kernels[0].guests[0].rows[0].reason, "a false positive");
  EXPECT_THAT(says.kernels[0].known, ElementsAre("configs/policy noisy:3 (a false positive) in a/one"));
}

TEST(SplatPolicy, AnotherKindTitleOrKernelIsNotAllowed) {
  EXPECT_EQ(first_word(run_with({circular}, {entry(true, "warning")})), "fail failure");
  EXPECT_EQ(first_word(run_with({circular}, {entry(true, "lockdep", "*recursive*")})), "fail failure");
  auto older = entry(true, "lockdep");
  older.range.until = "6.1";
  EXPECT_EQ(first_word(run_with({circular}, {older})), "fail failure");
  auto other = entry(true, "lockdep");
  other.range.archs = {model::Arch::aarch64};
  EXPECT_EQ(first_word(run_with({circular}, {other})), "fail failure");
}

TEST(SplatPolicy, WhatElseSpeaksAgainstATestIsNotAllowed) {
  EXPECT_EQ(first_word(run_with({circular, warning}, {entry(true, "lockdep")})), "fail failure");
  EXPECT_EQ(first_word(run_with({circular}, {entry(true, "lockdep")}, {fail})), "fail failure");
  Sample run;
  run.add(0, {{"a/one", fail, 0, {fail}, {circular}}, {"a/one:case", fail}});
  run.rules.splats = {entry(true, "lockdep")};
  EXPECT_THAT(run.words(0), ElementsAre("fail failure", "fail failure"));
}

TEST(SplatPolicy, TheFirstEntryThatFitsDecides) {
  EXPECT_EQ(first_word(run_with({circular}, {entry(false, "lockdep", "*circular*"), entry(true, "lockdep")})),
            "fail denied_splat");
  EXPECT_EQ(first_word(run_with({circular}, {entry(true, "lockdep"), entry(false, "lockdep", "*circular*")})),
            "fail allowed_splat");
}

TEST(SplatPolicy, ADeniedReportIsAFailureWhateverExplainsTheRow) {
  auto run = run_with({dump}, {entry(false, "page_dump")});
  EXPECT_EQ(first_word(run), "pass denied_splat");
  EXPECT_EQ(run.assess().code, ExitCode::regressions);
  EXPECT_EQ(first_word(run_with({dump}, {})), "pass fine");
  auto known = run_with({circular}, {entry(false, "lockdep")});
  model::KnownIssue issue;
  issue.name = "wide";
  issue.tests = {"a/one:"};
  issue.seen = {fail};
  known.rules.known_issues = {issue};
  EXPECT_EQ(first_word(known), "fail denied_splat");
  known.rules.splats.clear();
  EXPECT_EQ(first_word(known), "fail known_issue");
}

TEST(SplatPolicy, AnExpiredEntryIsVoidAndSaysSo) {
  auto old = entry(true, "lockdep");
  old.expires = "2026-11-29";
  const auto run = run_with({circular}, {old});
  EXPECT_EQ(first_word(run), "fail failure");
  EXPECT_THAT(run.assess().kernels[0].known,
              ElementsAre("configs/policy noisy:3 expired on 2026-11-29: it is void, and its reports count"));
  old.expires = "2026-11-30";
  EXPECT_EQ(first_word(run_with({circular}, {old})), "fail allowed_splat") << "its last day";
}

TEST(SplatPolicy, AnEntryThatFitsNothingSaysSo) {
  EXPECT_THAT(run_with({}, {entry(true, "lockdep")}).assess().kernels[0].known,
              ElementsAre("configs/policy noisy:3 (allow lockdep) fits no report of this run"));
  auto elsewhere = entry(true, "lockdep");
  elsewhere.range.since = "7.0";
  EXPECT_THAT(run_with({}, {elsewhere}).assess().kernels[0].known, IsEmpty()) << "not about this kernel";
}

}  // namespace
}  // namespace pinrig::assess
