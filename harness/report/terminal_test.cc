// SPDX-License-Identifier: GPL-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "report/fixture.h"
#include "report/report.h"
#include "report/text_layout.h"

namespace pinrig::report {
namespace {

using model::Arch;
using ::testing::HasSubstr;
using ::testing::Not;

std::string shown(const Fixture& f, const Style& style) {
  auto r = terminal(f.store, f.run, style);
  EXPECT_FALSE(r.has_error()) << (r.has_error() ? r.error().message : "");
  return std::move(r).value();
}

Style of_width(int width) {
  Style s;
  s.width = width;
  return s;
}

TEST(Terminal, AllAsExpected) {
  Fixture f;
  f.caught();
  expect_golden("caught-100.txt", shown(f, of_width(100)));
  expect_golden("caught-140.txt", shown(f, of_width(140)));
}

TEST(Terminal, NarrowTerminalsGetABlockPerArchitecture) {
  Fixture f;
  f.caught();
  const std::string text = shown(f, of_width(60));
  expect_golden("caught-60.txt", text);
  expect_golden("caught-40.txt", shown(f, of_width(20)));
}

TEST(Terminal, PlainAscii) {
  Fixture f;
  f.caught();
  Style s = of_width(100);
  s.unicode = false;
  const std::string text = shown(f, s);
  expect_golden("caught-ascii.txt", text);
  for (const char c : text) ASSERT_LT(static_cast<unsigned char>(c), 0x80) << text;
}

TEST(Terminal, Colours) {
  Fixture f;
  f.surprises();
  Style s = of_width(100);
  s.color = true;
  const std::string coloured = shown(f, s);
  expect_golden("surprises-colour.txt", coloured);
  EXPECT_THAT(coloured, HasSubstr("\x1b[1;31m✗ crash\x1b[0m"));
  EXPECT_THAT(shown(f, of_width(100)), Not(HasSubstr("\x1b")));
}

TEST(Terminal, Surprises) {
  Fixture f;
  f.surprises();
  expect_golden("surprises-100.txt", shown(f, of_width(100)));
}

TEST(Terminal, EachPointNamesThePatch) {
  Fixture f;
  f.each_point();
  expect_golden("each-100.txt", shown(f, of_width(100)));
}

TEST(Terminal, ManyPointsTakeSeveralBlocksThatBeginWithTheBase) {
  Fixture f;
  for (int point = 0; point < 9; ++point) {
    const std::string label = point == 0 ? "base" : point == 8 ? "tip" : std::to_string(point);
    f.add(job_row(f.run.id, model::Arch::x86_64, point, label),
          {test_row("pins/selfcheck", model::Verdict::pass, 16),
           test_row("bio/dio_rw", model::Verdict::pass, 2342)});
  }
  f.finish("finished", 0);
  expect_golden("nine-points-60.txt", shown(f, of_width(60)));
}

TEST(Terminal, TheGuestsOfAKernelAreOneColumn) {
  Fixture f;
  f.several_guests();
  expect_golden("guests-100.txt", terminal(f.store, f.run, Style{}).value());
}

TEST(Terminal, WhatOtherRunsFoundOfAKernelIsSaidToBeTheirs) {
  Fixture f;
  auto probed = job_row("earlier", Arch::x86_64, 0, "base");
  probed.capabilities = {{"alg", "pin"}, {"dio.bdev", "get"}};
  store::RunRow earlier = f.run;
  earlier.id = "earlier";
  ASSERT_FALSE(f.store.begin_run(earlier).has_error());
  f.add(probed, {});
  auto base = job_row(f.run.id, Arch::x86_64, 0, "base");
  base.capabilities = {{"dio.bdev", "pin"}};
  f.add(base, {});
  auto tip = job_row(f.run.id, Arch::x86_64, 1, "tip");
  tip.capabilities.clear();
  tip.kernel_key = "patched";
  f.add(tip, {});
  EXPECT_THAT(shown(f, of_width(100)),
              HasSubstr("capabilities: dio.bdev=pin; other runs of this kernel: alg=pin\n"));
  EXPECT_THAT(ktap(f.store, f.run).value(),
              HasSubstr("# capabilities, other runs of this kernel: alg=pin\n"));
  EXPECT_THAT(json(f.store, f.run).value(),
              HasSubstr("\"capabilities_elsewhere\": {\n        \"alg\": \"pin\"\n      }"));
  EXPECT_THAT(junit(f.store, f.run).value(), HasSubstr("capability_elsewhere.alg"));
}

TEST(Terminal, JobsThatDidNotComplete) {
  Fixture f;
  f.broken();
  expect_golden("broken-100.txt", shown(f, of_width(100)));
}

TEST(Terminal, VerboseShowsEveryCase) {
  Fixture f;
  f.surprises();
  Style s = of_width(100);
  s.verbose = true;
  const std::string text = shown(f, s);
  EXPECT_THAT(text, HasSubstr("    read_thp_whole"));
  EXPECT_THAT(text, HasSubstr("half_unmapped_6"));
  EXPECT_THAT(shown(f, of_width(100)), Not(HasSubstr("half_unmapped_6")));
}

TEST(Terminal, QuietIsTheLastLine) {
  Fixture f;
  f.caught();
  Style s;
  s.quiet = true;
  const std::string text = shown(f, s);
  EXPECT_EQ(lines(text).size(), 1u);
  const std::string whole = shown(f, {});
  EXPECT_EQ(lines(whole).back(), lines(text).front());
}

TEST(Terminal, ARunWithoutJobs) {
  Fixture f;
  f.finish("failed", 4);
  expect_golden("no-jobs.txt", shown(f, of_width(80)));
}

}  // namespace
}  // namespace pinrig::report
