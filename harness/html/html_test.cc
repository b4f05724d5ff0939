// SPDX-License-Identifier: GPL-2.0
#include "html/html.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <regex>

#include "base/text.h"
#include "html/assets.h"
#include "html/text.h"
#include "html/timeline.h"
#include "report/testing.h"
#include "report/testing_hostile.h"

namespace pinrig::html {
namespace {

using model::Verdict;
using report::Fixture;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string page_of(const Fixture& f, const Options& options = {}) {
  const auto page = run_page(f.store, f.run, options);
  EXPECT_TRUE(page.has_value()) << (page.has_error() ? page.error().message : "");
  return page.has_value() ? page->text : "";
}

/// Without style and script.
std::string body_of(const Fixture& f) {
  std::string text = page_of(f);
  for (const char* tag : {"style", "script"}) {
    const auto from = text.find(std::string("<") + tag + ">");
    const auto to = text.find(std::string("</") + tag + ">");
    text.erase(from, to - from);
  }
  return text;
}

TEST(Html, Golden) {
  Fixture f;
  f.known_and_lost();
  report::expect_golden("known.html", body_of(f));
}

TEST(Html, AsksNothingOfAnyServer) {
  Fixture f;
  f.surprises();
  const std::string text = page_of(f);
  for (const char* word :
       {"http:", "https:", "src=", "url(", "@import", "<link", "<iframe", "fetch(", "XMLHttp"})
    EXPECT_THAT(text, Not(HasSubstr(word)));
  EXPECT_THAT(text, HasSubstr("default-src 'none'"));
}

TEST(Html, StyleAndScriptAreSmall) {
  EXPECT_LE(std::string_view(page_style).size(), 20U * 1024);
  EXPECT_LE(std::string_view(page_script).size(), 15U * 1024);
}

TEST(Html, WhatIsNotAsExpectedIsOpenWithItsEvidence) {
  Fixture f;
  f.surprises();
  const std::string text = body_of(f);
  EXPECT_THAT(
      text,
      AllOf(HasSubstr("<article class=\"finding\" data-t=\"rdma/mr_reg\" id=\"tip-x86_64/rdma/mr_reg\">"),
            HasSubstr("mr_reg.c:88: mr == NULL does not hold"), HasSubstr("<strong>-16 left</strong>"),
            HasSubstr("☠ crash +6"), HasSubstr("kernel BUG at mm/gup.c:140!"),
            HasSubstr("expectation not met")));
  // Nothing around the findings is closed.
  const auto at = text.find("<h2 id=\"unexpected\">");
  ASSERT_NE(at, std::string::npos);
  EXPECT_EQ(text.substr(at, text.find("<article", at) - at).find("<details"), std::string::npos);
}

TEST(Html, AFrameOfAPatchStandsOut) {
  Fixture f;
  model::KernelEvent event{"bug", "kernel BUG at mm/gup.c:140!",     "gup", 5, 9, "bio/x", true,
                           1,     {" gup+0x1/0x2", " other+0x1/0x2"}};
  event.lines = {{0, "gup", "mm/gup.c", 140, false, 2}};
  f.write({report::kernel(model::Arch::x86_64, 2, "tip",
                          {report::surprising(report::test_row("bio/x", Verdict::crash), "died")}, {event})});
  EXPECT_THAT(body_of(f), HasSubstr("<mark> gup+0x1/0x2 mm/gup.c:140, patch 2</mark>\n other+0x1/0x2"));
}

TEST(Html, TheMatrixHasAMarkForTheFirstRed) {
  Fixture f;
  f.each_point();
  const std::string text = body_of(f);
  EXPECT_THAT(text, HasSubstr("<td class=\"first\"><span class=\"m r\">▲ leak +64</span> first red</td>"));
  EXPECT_THAT(text, HasSubstr("red from here</span> on x86_64: <code>bio/dio_rw</code>"));
  const std::regex marks("first red</td>");
  EXPECT_EQ(std::distance(std::sregex_iterator(text.begin(), text.end(), marks), {}), 1);
}

TEST(Html, GreenTestsAreClosedAndKnownIssuesHaveTheirRule) {
  Fixture f;
  f.known_and_lost();
  const std::string text = body_of(f);
  EXPECT_THAT(text, HasSubstr("<details class=\"expected\">"));
  EXPECT_THAT(text, HasSubstr("known_issue: a write fault"));
  Fixture caught;
  caught.caught();
  EXPECT_THAT(body_of(caught), AllOf(HasSubstr("<details class=\"suite\"><summary>mm: 1 test as expected"),
                                     HasSubstr("504 pass, 270 skip, 4 xfail")));
}

TEST(Html, AnInterruptedRunSaysHowToGoOn) {
  Fixture f;
  f.broken();
  EXPECT_THAT(body_of(f),
              AllOf(HasSubstr("INTERRUPTED"), HasSubstr("pinrig run --resume"), HasSubstr("bio.c:1225:9"),
                    HasSubstr("timed out (test): no answer for 50 s")));
  Fixture running;
  running.write({report::kernel(model::Arch::x86_64, 0, "base")});
  EXPECT_THAT(body_of(running), HasSubstr("STILL RUNNING"));
}

TEST(Html, TextOfOthersIsNoMarkup) {
  Fixture f;
  report::write_hostile(f);
  const std::string text = body_of(f);
  EXPECT_THAT(text, AllOf(Not(HasSubstr("<script>alert")), Not(HasSubstr("</td><script")),
                          Not(HasSubstr("\x1b")), Not(HasSubstr("\xef\xbf\xbe"))));
  EXPECT_EQ(text.find('\0'), std::string::npos);
  EXPECT_THAT(text, HasSubstr("&lt;script&gt;alert(1)"));
  // No attribute ends early: all quotes of a tag are in pairs.
  for (std::size_t at = text.find('<'); at != std::string::npos; at = text.find('<', at + 1)) {
    const std::string tag = text.substr(at, text.find('>', at) - at);
    EXPECT_EQ(std::count(tag.begin(), tag.end(), '"') % 2, 0) << tag.substr(0, 200);
  }
}

TEST(Html, WhatDoesNotFitIsLeftOutWithAMark) {
  Fixture f;
  std::vector<report::Row> rows;
  for (int i = 0; i < 2000; ++i)
    rows.push_back(report::test_row("s/t" + std::to_string(i), Verdict::pass, 1));
  rows.push_back(report::surprising(report::test_row("bio/x", Verdict::leak, 1, 1), "one page"));
  f.write({report::kernel(model::Arch::x86_64, 0, "base", rows)});
  const auto whole = run_page(f.store, f.run).value();
  EXPECT_THAT(whole.cut, IsEmpty());
  const auto small = run_page(f.store, f.run, {.limit = 64 * 1024}).value();
  EXPECT_LE(small.text.size(), 64U * 1024);
  EXPECT_THAT(small.cut, ElementsAre("s: 2000 tests as expected"));
  EXPECT_THAT(small.text, AllOf(HasSubstr("Omitted to keep the file small: s: 2000 tests"),
                                HasSubstr("id=\"base-x86_64/bio/x\"")));
}

TEST(Html, FilesAreLinksOnlyInTheFolderOfTheRun) {
  Fixture f;
  f.two_configs();
  EXPECT_THAT(page_of(f), Not(HasSubstr("href=\"guests/")));
  const fs::path inside = fs::path(f.run.dir) / "page.html";
  EXPECT_THAT(page_of(f, {.file = inside}),
              HasSubstr("href=\"guests/tip-x86_64-debug/tests/bio/dio_rw.out\""));
}

TEST(Html, IdsAndLinksOfOddNames) {
  model::TestVerdict v;
  v.test = "a/b c";
  v.case_name = "\"<%";
  EXPECT_EQ(row_id("k", v), "k/a/b_c:\"<%");
  EXPECT_EQ(link_to("k/a_b:\"<%"), "#k/a_b:%22%3C%25");
}

TEST(Timeline, TimesOutsideOfTheRunAreNone) {
  Fixture f;
  f.run.dir = f.dir.path() / "run";
  f.write({report::kernel(model::Arch::x86_64, 0, "base", {report::test_row("bio/x", Verdict::pass)})});
  f.finish(store::RunState::finished, 0);
  const auto spans = [&] { return timeline_of(report::load(f.store, f.run).value()); };
  EXPECT_EQ(spans().unknown, 1U) << "no file";
  const fs::path dir = fs::path(f.run.dir) / "guests/base-x86_64";
  fs::create_directories(dir);
  ASSERT_FALSE(write_file_atomic(dir / "result.json", "{}").has_error());
  EXPECT_EQ(spans().unknown, 1U) << "written long after the run";
  // The run took from 01:02:03 to 01:05:15.
  const timespec at{1795222923 + 100, 0};
  const timespec times[2]{at, at};
  ASSERT_EQ(::utimensat(AT_FDCWD, (dir / "result.json").c_str(), times, 0), 0);
  const auto found = spans();
  ASSERT_EQ(found.spans.size(), 1U);
  EXPECT_NEAR(found.spans[0].end, 100, 1);
  EXPECT_NEAR(found.spans[0].start, 100 - 31.4, 1);
}

}  // namespace
}  // namespace pinrig::html
