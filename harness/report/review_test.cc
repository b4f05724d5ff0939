// SPDX-License-Identifier: GPL-2.0
#include "report/review.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "report/letter.h"
#include "report/patch_checks.h"
#include "report/testing.h"
#include "report/versions.h"

namespace pinrig::report {
namespace {

using model::Arch;
using model::Verdict;
using nlohmann::json;
using store::KernelState;
using store::RunState;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

store::PatchRow patch(int point, const std::string& id, const std::string& subject) {
  return {point, id, subject, fmt::format("{:040x}", 0xc0 + point), fmt::format("p{}-{}@x", point, id)};
}

/// Four patches: the second breaks a test, the third only adds a warning.
struct Series : Fixture {
  Series() {
    std::vector<KernelSetup> kernels;
    for (int point = 0; point < 4; ++point) {
      const std::string label = point == 0 ? "base" : std::to_string(point);
      std::vector<Row> rows{test_row("pins/selfcheck", Verdict::pass, 16),
                            point >= 2 ? surprising(test_row("bio/dio_rw", Verdict::leak, 64, 64), "64 pages")
                                       : test_row("bio/dio_rw", Verdict::pass, 64)};
      rows.push_back(case_row("bio/dio_rw", "read_1_page", Verdict::pass));
      auto skipped = test_row("gup/dump", Verdict::skip);
      skipped.result.verdict.detail = "the tree has no gup_test";
      rows.push_back(skipped);
      kernels.push_back(kernel(Arch::x86_64, point, label, rows));
    }
    kernels[3].row.warnings = {"block/bio.c:10:7: warning: unused variable 'n'"};
    kernels.push_back(not_built(kernel(Arch::x86_64, 4, "tip"), KernelState::build_failed,
                                "block/bio.c:1225:9: error: expected ';' before '}' token"));
    write(std::move(kernels));
    finish(RunState::finished, 1);
    patches = {patch(1, "aa", "block: one"), patch(2, "bb", "block: two"), patch(3, "cc", "block: three"),
               patch(4, "dd", "block: four")};
    EXPECT_TRUE(store.set_series({run.id, "change", 7, "cover@x", "hash"}, patches).has_value());
  }
  /// The next version: patch 1 as it was, 2 is mended, 3 is gone, 5 is new; the base and the tip only.
  store::RunRow next(bool other_base = false) {
    auto v8 = run;
    v8.id = "20261122-010203-aaaa";
    v8.started = "2026-11-22T01:02:03Z";
    v8.dir = "/state/pinrig/runs/" + v8.id;
    auto base =
        kernel(Arch::x86_64, 0, "base",
               {test_row("pins/selfcheck", Verdict::pass, 16), test_row("bio/dio_rw", Verdict::pass, 64),
                case_row("bio/dio_rw", "read_1_page", Verdict::pass)});
    if (other_base) base.row.point.tree = "another";
    auto tip = base;
    const auto numbered = kernel(Arch::x86_64, 4, "tip");
    tip.row = numbered.row;
    tip.guests[0].row.id = tip.row.id;
    tip.guests[0].rows[2] = surprising(case_row("bio/dio_rw", "read_1_page", Verdict::fail), "one page");
    write(v8, {base, tip});
    EXPECT_TRUE(store.finish_run(v8.id, RunState::finished, 1).has_value());
    EXPECT_TRUE(store
                    .set_series({v8.id, "change", 8, "cover8@x", "hash8"},
                                {patch(1, "aa", "block: one"), patch(2, "b2", "block: two"),
                                 patch(3, "dd", "block: four"), patch(4, "ee", "block: five")})
                    .has_value());
    return *store.find_run(v8.id).value();
  }
  std::vector<store::PatchRow> patches;
};

TEST(Checks, HaveAStateForEachPatch) {
  Series s;
  const auto j = json::parse(checks(s.store, s.run).value());
  ASSERT_THAT(j, SizeIs(4));
  std::vector<std::string> states;
  for (const auto& c : j) {
    states.push_back(c.at("state"));
    EXPECT_EQ(c.at("context"), "pinrig-x86_64");
    EXPECT_LE(c.at("description").get<std::string>().size(), 120U);
  }
  EXPECT_THAT(states, ElementsAre("success", "fail", "warning", "fail"));
  EXPECT_EQ(j[1].at("message_id"), "p2-bb@x");
  EXPECT_EQ(j[1].at("patch_id"), "bb");
  EXPECT_EQ(j[1].at("description"), "leak in bio/dio_rw (+64)");
  EXPECT_THAT(j[2].at("description").get<std::string>(), HasSubstr("unused variable"));
  EXPECT_THAT(j[3].at("description").get<std::string>(), HasSubstr("does not build: block/bio.c:1225:9"));
}

TEST(Checks, OfPatchesBetweenThePointsSayWithWhichOneTheyWereTested) {
  Series s;
  const auto v8 = s.next();
  const auto j = json::parse(checks(s.store, v8).value());
  ASSERT_THAT(j, SizeIs(4));
  EXPECT_EQ(j[0].at("state"), "pending");
  EXPECT_THAT(j[0].at("description").get<std::string>(),
              HasSubstr("not tested by itself; with patch 4: fail in"));
  EXPECT_EQ(j[3].at("state"), "fail");
  EXPECT_THAT(j[3].at("description").get<std::string>(), HasSubstr("(patches 1 to 4)"));
}

TEST(Checks, OfAKernelThatCountsSayWhichLinesRan) {
  Series s;
  s.run.dir = s.dir.path();
  coverage::RunCoverage c{"debian-6.12", "tree", "v7", {}, {}, {}};
  c.patches = {{1, "one", "aa", {"block/bio.c"}, {{"block/bio.c", {10, 11}}}},
               {2, "two", "bb", {"block/bio.c"}, {{"block/bio.c", {20, 21}}}}};
  c.kernels = {{"tip-x86_64",
                "x86_64",
                {{"block/bio.c", {10, 11, 20, 21}}},
                {},
                {},
                {{"bio/dio_rw", {{"block/bio.c", {10, 20, 21}}}}}}};
  ASSERT_TRUE(write_file_atomic(s.dir.path() / "coverage.json", coverage::to_json(c)).has_value());
  const auto j = json::parse(checks(s.store, s.run).value());
  EXPECT_EQ(j[0].at("description"), "1 of 2 changed lines ran in 1 test; never: block/bio.c:11");
  EXPECT_EQ(j[1].at("description"), "leak in bio/dio_rw (+64); 2 of 2 changed lines ran in 1 test");
  const auto letter = cover(s.store, s.run, {}).value();
  EXPECT_THAT(letter, HasSubstr("\nLines     3 of 4 changed lines ran in 1 test; never: block/bio.c:11\n"));
  EXPECT_EQ(lines_run(s.run, 1, Arch::x86_64).value(), j[0].at("description"));
  EXPECT_EQ(lines_run(s.run, 1, Arch::aarch64).value(), "");
}

TEST(Checks, SayHowAPatchAppliedThatDidNotFit) {
  Series s;
  s.patches[0].fit = {false, {{"mm/gup.c", 1204, 3, 2}}};
  s.patches[1].fit = {true, {}};
  ASSERT_TRUE(s.store.set_series({s.run.id, "change", 7, "cover@x", "hash"}, s.patches).has_value());
  const auto j = json::parse(checks(s.store, s.run).value());
  EXPECT_EQ(j[0].at("state"), "success") << "it was tested as it is";
  EXPECT_EQ(j[0].at("description"),
            "3 tests, 1 case as expected; applies with fuzz 2 at mm/gup.c:1204 (offset 3 lines)");
  EXPECT_EQ(j[1].at("description"), "leak in bio/dio_rw (+64); merged by --3way");
  EXPECT_THAT(j[2].at("description").get<std::string>(), Not(HasSubstr("appl"))) << "exact";
  const auto mail = json::parse(b4_check(s.store, {"p1-aa@x", "", ""}).value().json);
  EXPECT_THAT(mail[0].at("details").get<std::string>(), HasSubstr("applies with fuzz 2 at mm/gup.c:1204"));
}

/// Patch 2 does not compile, a test leaks at patch 3 and 4.
struct BrokenMiddle : Fixture {
  explicit BrokenMiddle(Verdict at_three = Verdict::leak) {
    std::vector<KernelSetup> kernels;
    std::vector<store::PatchRow> patches;
    for (int point = 0; point <= 4; ++point) {
      const Verdict v = point < 3 ? Verdict::pass : point == 3 ? at_three : Verdict::leak;
      auto row = test_row("bio/dio_rw", v, 64, v == Verdict::leak ? 64 : 0);
      if (v != Verdict::pass) row = surprising(row, "64 pages");
      auto k = kernel(Arch::x86_64, point,
                      point == 0   ? "base"
                      : point == 4 ? "tip"
                                   : std::to_string(point),
                      {test_row("pins/selfcheck", Verdict::pass, 16), row});
      if (point == 2)
        k = not_built(std::move(k), KernelState::build_failed, "block/bio.c:1225:9: error: expected ';'");
      kernels.push_back(std::move(k));
      if (point > 0) patches.push_back(patch(point, std::to_string(point), "block: change"));
    }
    write(std::move(kernels));
    finish(RunState::finished, 3);
    EXPECT_TRUE(store.set_series({run.id, "change", 1, "", "hash"}, patches).has_value());
  }
  json said() const { return json::parse(checks(store, run).value()); }
};

TEST(Checks, AfterAPatchThatDoesNotCompileTheLastResultIsTheReference) {
  const auto j = BrokenMiddle().said();
  EXPECT_EQ(j[0].at("state"), "success");
  EXPECT_EQ(j[1].at("description"), "does not build: block/bio.c:1225:9: error: expected ';'");
  EXPECT_EQ(j[2].at("description"), "leak in bio/dio_rw (+64) (patches 2 to 3)")
      << "either may have brought it";
  EXPECT_EQ(j[2].at("state"), "fail");
  EXPECT_EQ(j[3].at("description"), "1 test not as expected, as before this patch");
  EXPECT_EQ(j[3].at("state"), "warning");
}

TEST(Checks, APointWithoutAResultOfATestIsNoReferenceForIt) {
  const auto j = BrokenMiddle(Verdict::missing).said();
  EXPECT_EQ(j[2].at("state"), "fail") << "its guest was lost";
  EXPECT_EQ(j[3].at("description"), "leak in bio/dio_rw (+64) (patches 2 to 4)");
  EXPECT_EQ(j[3].at("state"), "fail") << "a lost test was not red before";
  const auto well = BrokenMiddle(Verdict::pass).said();
  EXPECT_EQ(well[2].at("state"), "success");
  EXPECT_EQ(well[3].at("description"), "leak in bio/dio_rw (+64)") << "patch 3 is known to be clean";
}

TEST(Terminal, NamesThePatchThatDoesNotCompileAndWhichOnesCanHaveBroughtWhatCameAfter) {
  const BrokenMiddle f;
  const auto text = terminal(f.store, f.run, {.width = 140}).value();
  EXPECT_THAT(text, HasSubstr("patch 2 does not build: \"block: change 2 of how pages are pinned\": "
                              "block/bio.c:1225:9: error: expected ';' (x86_64)"));
  EXPECT_THAT(text, HasSubstr("since one of the patches 2 to 3"));
  const BrokenMiddle later(Verdict::pass);
  EXPECT_THAT(terminal(later.store, later.run, {.width = 140}).value(),
              HasSubstr("since patch 4: block: change 4"));
}

TEST(Terminal, TwoPatchesThatDoNotCompileAreBothNamed) {
  const auto said = [](const std::string& second) {
    Fixture f;
    f.write({kernel(Arch::x86_64, 0, "base", {test_row("pins/selfcheck", Verdict::pass, 16)}),
             not_built(kernel(Arch::x86_64, 1, "1"), KernelState::build_failed, "mm/gup.c:7:1: error: one"),
             not_built(kernel(Arch::x86_64, 2, "2"), KernelState::build_failed, second),
             kernel(Arch::x86_64, 3, "tip", {test_row("pins/selfcheck", Verdict::pass, 16)})});
    f.finish(RunState::finished, 3);
    return terminal(f.store, f.run, {.width = 140}).value();
  };
  const auto other = said("mm/swap.c:9:1: error: two");
  EXPECT_THAT(other, HasSubstr("patch 1 does not build"));
  EXPECT_THAT(other, HasSubstr("patch 2 does not build"));
  EXPECT_THAT(other, HasSubstr("mm/swap.c:9:1: error: two"));
  const auto same = said("mm/gup.c:12:1: error: one");
  EXPECT_THAT(same, HasSubstr("point 2 not tested"));
  EXPECT_THAT(same, Not(HasSubstr("patch 2 does not build"))) << "the fault is that of patch 1";
}

const std::vector<model::UnbuiltFile> kOff{
    {"drivers/x/x.c", "CONFIG_X is not set (drivers/x/Makefile:3: obj-$(CONFIG_X) += x.o)"}};

/// Patch 1 is in a driver that is off, patch 2 also in block, patch 3 removes a file that was off.
struct DriverOff : Series {
  DriverOff() {
    patches[0].files = {"drivers/x/Kconfig", "drivers/x/x.c"};
    patches[1].files = {"block/bio.c", "drivers/x/x.c"};
    patches[2].files = {"drivers/x/gone.c"};
    EXPECT_TRUE(store.set_series({run.id, "change", 7, "cover@x", "hash"}, patches).has_value());
    for (auto k : store.kernels(run.id).value()) {
      if (k.state != KernelState::built || k.point.is_base()) continue;
      k.unbuilt = kOff;
      if (k.point.number == 1) k.inherits = "base-x86_64";
      EXPECT_TRUE(store.update_kernel(k).has_value());
    }
  }
};

TEST(Checks, SayOfAPatchThatNothingOfItWasBuilt) {
  DriverOff s;
  const auto j = json::parse(checks(s.store, s.run).value());
  EXPECT_EQ(j[0].at("state"), "warning") << "green tests say nothing of it";
  const auto text = j[0].at("description").get<std::string>();
  EXPECT_THAT(text,
              HasSubstr("nothing of it was built: drivers/x/x.c: CONFIG_X is not set (drivers/x/Makefile:3"));
  EXPECT_THAT(text, Not(HasSubstr("no code change")));
  EXPECT_EQ(j[1].at("state"), "fail");
  EXPECT_THAT(j[1].at("description").get<std::string>(),
              HasSubstr("leak in bio/dio_rw (+64); not built: drivers/x/x.c: CONFIG_X is not set"));
  EXPECT_THAT(j[2].at("description").get<std::string>(), Not(HasSubstr("built")));
  const auto mail = json::parse(b4_check(s.store, {"p1-aa@x", "", ""}).value().json);
  EXPECT_EQ(mail[0].at("status"), "warn");
  EXPECT_THAT(
      mail[0].at("details").get<std::string>(),
      HasSubstr("not built: drivers/x/x.c: CONFIG_X is not set (drivers/x/Makefile:3: obj-$(CONFIG_X) += "
                "x.o)\n"));
}

TEST(Checks, APatchWhoseCodeIsBuiltAndEqualHasNoCodeChange) {
  DriverOff s;
  s.patches[0].files = {"block/bio.c"};
  ASSERT_TRUE(s.store.set_series({s.run.id, "change", 7, "cover@x", "hash"}, s.patches).has_value());
  const auto j = json::parse(checks(s.store, s.run).value());
  EXPECT_EQ(j[0].at("state"), "success");
  EXPECT_EQ(j[0].at("description"), "3 tests, 1 case as expected, no code change");
}

TEST(Matrix, SaysOfAPatchThatNothingOfItWasBuilt) {
  DriverOff s;
  const auto text = terminal(s.store, s.run, {.width = 100}).value();
  EXPECT_THAT(text, HasSubstr("(= nothing of it was built: drivers/x/x.c)"));
  EXPECT_THAT(text, HasSubstr("(not built: drivers/x/x.c)"));
  EXPECT_THAT(text, Not(HasSubstr("(= no code change)")));
  const auto points = json::parse(report::json(s.store, s.run).value()).at("matrix")[0].at("points");
  EXPECT_EQ(points[1].at("nothing_built"), true);
  EXPECT_EQ(points[2].at("nothing_built"), false);
  EXPECT_EQ(points[3].at("nothing_built"), false);
}

TEST(Checks, NeedASeries) {
  Fixture f;
  f.caught();
  EXPECT_THAT(checks(f.store, f.run).error().message, HasSubstr("has no series"));
}

TEST(Checks, CutTextsOnlyBetweenCharacters) {
  EXPECT_EQ(cut("short", 8), "short");
  EXPECT_EQ(cut("abcdefghij", 8), "abcde...");
  EXPECT_EQ(cut("abcd\u00e9fghij", 8), "abcd...");
}

TEST(B4Check, KnowsAPatchByItsMailOrItsPatchId) {
  Series s;
  const auto by_mail = json::parse(b4_check(s.store, {"p2-bb@x", "", ""}).value().json);
  ASSERT_THAT(by_mail, SizeIs(1));
  EXPECT_EQ(by_mail[0].at("tool"), "pinrig-x86_64");
  EXPECT_EQ(by_mail[0].at("status"), "fail");
  EXPECT_EQ(by_mail[0].at("summary"), "leak in bio/dio_rw (+64)");
  const auto details = by_mail[0].at("details").get<std::string>();
  EXPECT_THAT(details,
              HasSubstr("leak in bio/dio_rw (+64)\npass pins/selfcheck 16/16\nleak bio/dio_rw 64/0\n"));
  EXPECT_THAT(details, HasSubstr("pinrig run --again " + s.run.id +
                                 " --arch x86_64 --point 2 --test bio/dio_rw\npinrig show " + s.run.id));
  EXPECT_EQ(by_mail, json::parse(b4_check(s.store, {"unknown@x", "bb", ""}).value().json));
  EXPECT_EQ(json::parse(b4_check(s.store, {"p3-cc@x", "", ""}).value().json)[0].at("status"), "warn");
  EXPECT_EQ(json::parse(b4_check(s.store, {"p1-aa@x", "", ""}).value().json)[0].at("status"), "pass");
}

TEST(B4Check, OfACoverLetterIsTheWorstOfThePatches) {
  Series s;
  const auto j = json::parse(b4_check(s.store, {"cover@x", "", ""}).value().json);
  ASSERT_THAT(j, SizeIs(1));
  EXPECT_EQ(j[0].at("status"), "fail");
  EXPECT_EQ(j[0].at("summary"), "patch 2: leak in bio/dio_rw (+64)");
}

TEST(B4Check, WhatFailsInOneOfTwoRunsOfAKernelIsFlaky) {
  Series s;
  auto second = s.run;
  second.id = "20261122-010203-aaaa";
  auto k = kernel(Arch::x86_64, 2, "2", {test_row("bio/dio_rw", Verdict::pass, 64)});
  s.write(second, {k});
  ASSERT_TRUE(s.store.finish_run(second.id, RunState::finished, 0).has_value());
  ASSERT_TRUE(s.store.set_series({second.id, "change", 7, "cover@x", "hash"}, s.patches).has_value());
  auto third = s.run;
  third.id = "20261123-010203-aaaa";
  k = kernel(Arch::x86_64, 2, "2", {surprising(test_row("bio/dio_rw", Verdict::leak, 64, 64), "64 pages")});
  s.write(third, {k});
  ASSERT_TRUE(s.store.finish_run(third.id, RunState::finished, 1).has_value());
  ASSERT_TRUE(s.store.set_series({third.id, "change", 7, "cover@x", "hash"}, s.patches).has_value());
  const auto j = json::parse(b4_check(s.store, {"p2-bb@x", "", ""}).value().json);
  ASSERT_THAT(j, SizeIs(1));
  EXPECT_EQ(j[0].at("status"), "warn");
  EXPECT_EQ(j[0].at("summary"), "flaky: 1 test not as expected");
  EXPECT_THAT(j[0].at("details").get<std::string>(), HasSubstr("(flaky: not in run " + second.id + ")"));
}

TEST(B4Check, APatchWhoseTestsWereAllSkippedIsAWarning) {
  Fixture f;
  std::vector<KernelSetup> kernels;
  for (int point = 0; point < 2; ++point)
    kernels.push_back(
        kernel(Arch::x86_64, point, point == 0 ? "base" : "tip",
               {test_row("pinrig/hold_control", Verdict::pass), test_row("gup/dump", Verdict::skip)}));
  f.write(std::move(kernels));
  f.finish(RunState::finished, 0);
  ASSERT_TRUE(f.store.set_series({f.run.id, "change", 1, "", "hash"}, {patch(1, "aa", "one")}).has_value());
  const auto answer = b4_check(f.store, {"", "aa", ""}).value();
  EXPECT_TRUE(answer.known);
  const auto j = json::parse(answer.json);
  EXPECT_EQ(j[0].at("status"), "warn");
  EXPECT_EQ(j[0].at("summary"), "every test was skipped");
}

TEST(B4Check, OfTheMailThatARunHadAsItsSeriesIsEachPatchOfIt) {
  Series s;
  const auto all = json::parse(b4_check(s.store, {"", "id-with-other-context", s.run.series}).value().json);
  EXPECT_THAT(all, SizeIs(4));
  // An id that names one of them says more.
  EXPECT_THAT(json::parse(b4_check(s.store, {"", "bb", s.run.series}).value().json), SizeIs(1));
  EXPECT_FALSE(b4_check(s.store, {"", "id-with-other-context", "mail-0123456789ab"}).value().known);
}

TEST(B4Check, KnowsNothingOfOtherMails) {
  Series s;
  EXPECT_EQ(b4_check(s.store, {"other@x", "ff", ""}).value().json, "[]\n");
  EXPECT_EQ(b4_check(s.store, {"", "", ""}).value().json, "[]\n");
  EXPECT_FALSE(b4_check(s.store, {"other@x", "ff", ""}).value().known);
}

TEST(PairPatches, MarksThemAsRangeDiffDoes) {
  const std::vector<store::PatchRow> old{patch(1, "aa", "one"), patch(2, "bb", "two"),
                                         patch(3, "cc", "three"), patch(4, "dd", "four")};
  const std::vector<store::PatchRow> now{patch(1, "aa", "one, renamed"), patch(2, "b2", "two"),
                                         patch(3, "dd", "four"), patch(4, "ee", "five")};
  std::string marks;
  for (const auto& p : pair_patches(old, now)) marks += sign_of(p.kind);
  EXPECT_EQ(marks, "=!<=>");
  marks.clear();
  for (const auto& p : pair_patches(now, {})) marks += sign_of(p.kind);
  EXPECT_EQ(marks, "<<<<");
}

TEST(PairPatches, TakesReorderedOnesOnce) {
  const std::vector<store::PatchRow> old{patch(1, "aa", "one"), patch(2, "bb", "two")};
  const std::vector<store::PatchRow> now{patch(1, "bb", "two"), patch(2, "aa", "one")};
  std::string marks;
  for (const auto& p : pair_patches(old, now)) marks += sign_of(p.kind);
  EXPECT_EQ(marks, "==");
}

TEST(CompareRuns, ShowsPatchesChangesAndWhatWasNotRun) {
  Series s;
  // The tip of the earlier version does not build: its last built point is compared by nobody.
  const auto v8 = s.next();
  const CompareFacts gone{.why_not = "the commits of one of the runs are no longer in the cache"};
  expect_golden("compare-unbuilt.txt",
                compare_runs(s.store, s.run, v8, gone, {.unicode = true, .width = 100}).value());
}

TEST(CompareRuns, NamesThePatchOfEachRed) {
  Fixture f;
  f.each_point();
  auto v2 = f.run;
  v2.id = "20261122-010203-aaaa";
  v2.dir = "/state/pinrig/runs/" + v2.id;
  auto base =
      kernel(Arch::x86_64, 0, "base",
             {test_row("pins/selfcheck", Verdict::pass, 16), test_row("bio/dio_rw", Verdict::pass, 64)});
  base.row.point.tree = "another base";
  auto tip = kernel(Arch::x86_64, 3, "tip",
                    {surprising(test_row("pins/selfcheck", Verdict::fail, 16), "broken"),
                     test_row("bio/dio_rw", Verdict::pass, 64)});
  f.write(v2, {base, tip});
  ASSERT_TRUE(f.store.finish_run(v2.id, RunState::finished, 1).has_value());
  expect_golden("compare.txt", compare_runs(f.store, f.run, v2, {}, {.unicode = true, .width = 100}).value());
  const auto j = json::parse(compare_runs_json(f.store, f.run, v2, {}).value());
  EXPECT_EQ(j.at("same_base"), false);
  ASSERT_THAT(j.at("changed"), SizeIs(2));
  for (const auto& row : j.at("changed")) {
    if (row.at("name") == "bio/dio_rw") {
      EXPECT_EQ(row.at("before"), "leak +64");
      EXPECT_EQ(row.at("red_before_since"), "patch 2");
      EXPECT_TRUE(row.at("red_now_since").is_null());
    } else {
      EXPECT_EQ(row.at("name"), "pins/selfcheck");
      EXPECT_EQ(row.at("red_now_since"), "patches 1 to 3");
    }
  }
  EXPECT_THAT(j.at("not_run"), ElementsAre("bio/fresh"));
}

/// A run of the next version of each_point(): patch 2 is changed and leaks less, 3 is new; bio/dio_fork is
/// not run any more.
struct NextVersion : Fixture {
  NextVersion() {
    std::vector<KernelSetup> old;
    for (int point = 0; point <= 2; ++point) {
      const bool red = point == 2;
      old.push_back(
          kernel(Arch::x86_64, point,
                 point == 0   ? "base"
                 : point == 2 ? "tip"
                              : "1",
                 {test_row("pins/selfcheck", Verdict::pass, 16),
                  red ? surprising(test_row("bio/dio_rw", Verdict::leak, 64, 64), "64 pages outstanding")
                      : test_row("bio/dio_rw", Verdict::pass, 64),
                  red ? surprising(test_row("bio/dio_fork", Verdict::fail), "data of the parent")
                      : test_row("bio/dio_fork", Verdict::pass, 6)}));
    }
    write(std::move(old));
    finish(RunState::finished, 1);
    now = run;
    now.id = "20261122-010203-aaaa";
    now.started = "2026-11-22T01:02:03Z";
    now.dir = (dir.path() / "second").string();
    auto skipped = test_row("gup/dump", Verdict::skip);
    skipped.result.verdict.detail = "the tree has no gup_test";
    write(now, {kernel(Arch::x86_64, 0, "base",
                       {test_row("pins/selfcheck", Verdict::pass, 16),
                        test_row("bio/dio_rw", Verdict::pass, 64), skipped}),
                kernel(Arch::x86_64, 3, "tip",
                       {test_row("pins/selfcheck", Verdict::pass, 16),
                        surprising(test_row("bio/dio_rw", Verdict::leak, 64, 32), "32 pages outstanding"),
                        skipped})});
    EXPECT_TRUE(store.finish_run(now.id, RunState::finished, 1).has_value());
    const auto set = [&](const std::string& id, int version, const std::vector<store::PatchRow>& patches) {
      EXPECT_TRUE(store.set_series({id, "change", version, "", "hash"}, patches).has_value());
    };
    before = {patch(1, "aa", "block: one"), patch(2, "bb", "block: two"), patch(3, "cc", "block: gone")};
    after = {patch(1, "aa", "block: one"), patch(2, "b2", "block: two"), patch(3, "dd", "block: two again")};
    for (auto& p : after) p.commit[0] = 'f';
    set(run.id, 7, before);
    set(now.id, 8, after);
  }
  /// As git pairs them: patch 2 is new to it, though it has the subject of one before.
  CompareFacts facts() const {
    CompareFacts out;
    out.links = {{'=', before[0].commit, after[0].commit},
                 {'<', before[1].commit, ""},
                 {'>', "", after[1].commit},
                 {'!', before[2].commit, after[2].commit}};
    out.files = {{after[1].commit, {"block/bio.c", "include/linux/bio.h"}},
                 {after[2].commit, {"block/bio.c", "mm/gup.c", "Documentation/pin.rst"}}};
    return out;
  }
  void cover() const {
    coverage::KernelLines k{"cov-x86_64", "x86_64", {{"block/bio.c", {1, 2, 3}}}, {}, {}, {}};
    k.tests = {{"bio/dio_rw", {{"block/bio.c", {1, 2}}}},
               {"bio/dio_fork", {{"block/bio.c", {1, 3}}}},
               {"gup/dump", {{"block/bio.c", {1, 2}}}},
               {"pins/selfcheck", {{"block/bio.c", {1}}}}};
    coverage::RunCoverage run_coverage;
    run_coverage.kernels.push_back(std::move(k));
    fs::create_directories(now.dir);
    EXPECT_TRUE(write_file_atomic(fs::path(now.dir) / "coverage.json", to_json(run_coverage)).has_value());
  }
  store::RunRow now;
  std::vector<store::PatchRow> before;
  std::vector<store::PatchRow> after;
};

TEST(CompareRuns, TakesThePairsOfGitAndShowsWhatIsStillRedAndNotRun) {
  NextVersion f;
  f.cover();
  expect_golden("compare-git.txt",
                compare_runs(f.store, f.run, f.now, f.facts(), {.unicode = true, .width = 80}).value());
  const auto j = json::parse(compare_runs_json(f.store, f.run, f.now, f.facts()).value());
  EXPECT_EQ(j.at("paired_by"), "git range-diff");
  std::string marks;
  for (const auto& p : j.at("patches")) marks += p.at("mark").get<std::string>();
  EXPECT_EQ(marks, "=<>!");
  ASSERT_THAT(j.at("still_red"), SizeIs(2));
  EXPECT_EQ(j.at("still_red")[0].at("name"), "bio/dio_rw");
  EXPECT_EQ(j.at("still_red")[0].at("now"), "leak +32");
  EXPECT_EQ(j.at("still_red")[1].at("now"), "not run");
  ASSERT_THAT(j.at("uncovered"), SizeIs(2)) << "no header and no document that nobody counted in";
  EXPECT_EQ(j.at("uncovered")[0].at("file"), "block/bio.c");
  EXPECT_THAT(j.at("uncovered")[0].at("patches"), ElementsAre(2, 3));
  EXPECT_THAT(j.at("uncovered")[0].at("tests"), ElementsAre("bio/dio_fork", "gup/dump"))
      << "a skip is no run; what every test runs is nobody's";
  EXPECT_EQ(j.at("uncovered")[1].at("file"), "mm/gup.c");
  EXPECT_EQ(j.at("uncovered")[1].at("known"), false);
}

TEST(CompareRuns, DoesNotTakePairsThatLackAPatch) {
  NextVersion f;
  auto facts = f.facts();
  facts.links->pop_back();
  const auto j = json::parse(compare_runs_json(f.store, f.run, f.now, facts).value());
  EXPECT_EQ(j.at("paired_by"), "patch-id and subject");
  const auto differing = changed_commits(f.store, f.run, f.now, facts).value();
  EXPECT_THAT(differing, ElementsAre(f.after[1].commit, f.after[2].commit));
}

TEST(CompareRuns, NamesArchitecturesThatTheSecondHasNot) {
  Fixture f;
  f.caught();
  auto v2 = f.run;
  v2.id = "20261122-010203-aaaa";
  f.write(v2, {kernel(Arch::x86_64, 2, "tip", {test_row("pins/selfcheck", Verdict::pass, 16)})});
  const auto j = json::parse(compare_runs_json(f.store, f.run, v2, {}).value());
  EXPECT_THAT(j.at("only_before"), ElementsAre("aarch64"));
}

TEST(CompareRuns, ARedOfATestThatTheFirstDidNotRunIsNew) {
  Fixture f;
  f.each_point();
  auto v2 = f.run;
  v2.id = "20261122-010203-aaaa";
  f.write(
      v2,
      {kernel(Arch::x86_64, 3, "tip",
              {surprising(test_row("mm/added", Verdict::fail), "bad"), test_row("mm/fine", Verdict::pass)})});
  const auto j = json::parse(compare_runs_json(f.store, f.run, v2, {}).value());
  ASSERT_THAT(j.at("changed"), SizeIs(1));
  EXPECT_EQ(j.at("changed")[0].at("name"), "mm/added");
  EXPECT_EQ(j.at("changed")[0].at("before"), "not run");
}

TEST(CompareRuns, WithItselfHasNoChange) {
  Fixture f;
  f.each_point();
  const auto j = json::parse(compare_runs_json(f.store, f.run, f.run, {}).value());
  EXPECT_EQ(j.at("same_base"), true);
  EXPECT_THAT(j.at("changed"), SizeIs(0));
  ASSERT_THAT(j.at("still_red"), SizeIs(1));
  EXPECT_EQ(j.at("still_red")[0].at("name"), "bio/dio_rw");
}

void expect_fits(const std::string& text) {
  EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 14) << text;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    EXPECT_LE(end - at, 72U) << text.substr(at, end - at);
    at = end + 1;
  }
  for (const char c : text) EXPECT_TRUE(static_cast<unsigned char>(c) < 0x80);
}

TEST(Cover, IsShortPlainAndSaysWhatItDoesNotShow) {
  Series s;
  const auto v8 = s.next();
  const CoverFacts facts{
      .repeat = "pinrig run --series v8.mbox --base debian-6.12 --point each --arch x86_64",
      .sizes = {"x86_64 4 KiB"},
      .with = {"DEBUG_VM", "NUMA", "TRANSPARENT_HUGEPAGE"},
      .without = {"KASAN", "PROVE_LOCKING"},
      .proven = {"m02-bio-put-refs", "m05-passthrough-not-pinned"},
      .declared = 31};
  const auto text = cover(s.store, v8, facts).value();
  expect_fits(text);
  expect_golden("cover-v8.txt", text);
  const auto first = cover(s.store, s.run, facts).value();
  expect_fits(first);
  EXPECT_THAT(first, HasSubstr("128 pages outstanding"));
  EXPECT_THAT(first, HasSubstr("1 kernel not built"));
  EXPECT_THAT(first, HasSubstr("the tree has no gup_test"));
  EXPECT_THAT(first, Not(HasSubstr("Since")));
}

TEST(Cover, SaysWhatWasFixedSinceThePreviousVersion) {
  NextVersion f;
  const auto text = cover(f.store, f.now, {}).value();
  expect_fits(text);
  EXPECT_THAT(text, HasSubstr("Since v7  0 fixed, 0 new, 2 not fixed\n"));
  EXPECT_THAT(text, HasSubstr("32 pages outstanding"));
  EXPECT_THAT(text, HasSubstr("Not shown aarch64, each patch by itself, real hardware"));
  EXPECT_THAT(text, Not(HasSubstr("Detected"))) << "no test of it declares a fault";
}

TEST(Cover, NamesFilesThatNoKernelHas) {
  DriverOff s;
  const auto text = cover(s.store, s.run, {}).value();
  expect_fits(text);
  EXPECT_THAT(text, HasSubstr("Not built drivers/x/x.c (CONFIG_X is not set)\n"));
  // On another architecture it is built.
  auto arm = kernel(Arch::aarch64, 3, "3", {test_row("pins/selfcheck", Verdict::pass, 16)});
  auto again = s.run;
  again.id = "20261123-010203-bbbb";
  auto x86 = kernel(Arch::x86_64, 3, "3", {test_row("pins/selfcheck", Verdict::pass, 16)});
  x86.row.unbuilt = kOff;
  s.write(again, {x86, arm});
  EXPECT_THAT(cover(s.store, again, {}).value(), Not(HasSubstr("Not built")));
}

TEST(Cover, ClaimsNoFaultThatNobodyProved) {
  NextVersion f;
  EXPECT_THAT(cover(f.store, f.now, {.declared = 3}).value(),
              HasSubstr("Detected  none of the 3 faults that these tests declare\n"));
}

TEST(Cover, OfALargeRunStillFits) {
  Fixture f;
  f.surprises();
  const std::vector<std::string> many(40, "AN_OPTION_OF_THE_KERNEL");
  const auto text = cover(f.store, f.run,
                          {.repeat = std::string(400, 'x'),
                           .sizes = std::vector<std::string>(9, "aarch64 16 KiB"),
                           .with = many,
                           .without = many,
                           .proven = many,
                           .declared = 50})
                        .value();
  expect_fits(text);
  EXPECT_THAT(text, HasSubstr("real hardware, other page sizes and configurations"));
  EXPECT_THAT(text, HasSubstr("Repeat    pinrig run --again " + f.run.id)) << "a command that is cut is none";
}

TEST(Letter, CutsFirstWhatMattersLeast) {
  Letter letter;
  letter.add("First", std::string(300, 'q'), 9, 2, 1);
  letter.add_lines("Second", std::vector<std::string>(12, std::string(100, 'b')), 1, 2);
  letter.add("Last", "\u00e9 stays", 1, 1, 0);
  const auto text = letter.text();
  expect_fits(text);
  EXPECT_THAT(text, HasSubstr("Last      ? stays\n"));
  EXPECT_EQ(std::count(text.begin(), text.end(), 'q'), 300) << "the second has the higher rank";
  EXPECT_THAT(text, HasSubstr("bb ...\n"));
}

TEST(Letter, AListSaysHowManyMoreThereAre) {
  EXPECT_EQ(list_within({"one", "two", "three"}, 40), "one, two, three");
  EXPECT_EQ(list_within({"one", "two", "three"}, 14), "one and 2 more");
  EXPECT_EQ(list_within({"a-long-one", "b"}, 4), "2");
  EXPECT_EQ(list_within({}, 4), "");
}

}  // namespace
}  // namespace pinrig::report
