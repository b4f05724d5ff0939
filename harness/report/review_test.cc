// SPDX-License-Identifier: GPL-2.0
#include "report/review.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/file.h"
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
  EXPECT_THAT(letter, HasSubstr("\nLines    3 of 4 changed lines ran in 1 test; never: block/bio.c:11\n"));
  EXPECT_EQ(lines_run(s.run, 1, Arch::x86_64).value(), j[0].at("description"));
  EXPECT_EQ(lines_run(s.run, 1, Arch::aarch64).value(), "");
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
  const auto by_mail = json::parse(b4_check(s.store, "p2-bb@x", "").value());
  ASSERT_THAT(by_mail, SizeIs(1));
  EXPECT_EQ(by_mail[0].at("tool"), "pinrig-x86_64");
  EXPECT_EQ(by_mail[0].at("status"), "fail");
  EXPECT_EQ(by_mail[0].at("summary"), "leak in bio/dio_rw (+64)");
  EXPECT_THAT(by_mail[0].at("details").get<std::string>(), HasSubstr("pinrig show " + s.run.id));
  EXPECT_EQ(by_mail, json::parse(b4_check(s.store, "unknown@x", "bb").value()));
  EXPECT_EQ(json::parse(b4_check(s.store, "p3-cc@x", "").value())[0].at("status"), "warn");
  EXPECT_EQ(json::parse(b4_check(s.store, "p1-aa@x", "").value())[0].at("status"), "pass");
}

TEST(B4Check, OfACoverLetterIsTheWorstOfThePatches) {
  Series s;
  const auto j = json::parse(b4_check(s.store, "cover@x", "").value());
  ASSERT_THAT(j, SizeIs(1));
  EXPECT_EQ(j[0].at("status"), "fail");
  EXPECT_EQ(j[0].at("summary"), "patch 2: leak in bio/dio_rw (+64)");
}

TEST(B4Check, KnowsNothingOfOtherMails) {
  Series s;
  EXPECT_EQ(b4_check(s.store, "other@x", "ff").value(), "[]\n");
  EXPECT_EQ(b4_check(s.store, "", "").value(), "[]\n");
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
  expect_golden("compare-unbuilt.txt",
                compare_runs(s.store, s.run, v8, {.unicode = true, .width = 100}).value());
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
  expect_golden("compare.txt", compare_runs(f.store, f.run, v2, {.unicode = true, .width = 100}).value());
  const auto j = json::parse(compare_runs_json(f.store, f.run, v2).value());
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

TEST(CompareRuns, WithItselfHasNoChange) {
  Fixture f;
  f.each_point();
  const auto j = json::parse(compare_runs_json(f.store, f.run, f.run).value());
  EXPECT_EQ(j.at("same_base"), true);
  EXPECT_THAT(j.at("changed"), SizeIs(0));
  ASSERT_THAT(j.at("still_red"), SizeIs(1));
  EXPECT_EQ(j.at("still_red")[0].at("name"), "bio/dio_rw");
}

void expect_fits(const std::string& text) {
  EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 14);
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
      .sizes = {"x86_64 4 KiB"}};
  const auto text = cover(s.store, v8, facts).value();
  expect_fits(text);
  expect_golden("cover-v8.txt", text);
  const auto first = cover(s.store, s.run, facts).value();
  expect_fits(first);
  EXPECT_THAT(first, HasSubstr("128 pages outstanding"));
  EXPECT_THAT(first, Not(HasSubstr("Since")));
}

TEST(Cover, OfALargeRunStillFits) {
  Fixture f;
  f.surprises();
  expect_fits(cover(f.store, f.run, {.repeat = std::string(400, 'x'), .sizes = {}}).value());
}

}  // namespace
}  // namespace pinrig::report
