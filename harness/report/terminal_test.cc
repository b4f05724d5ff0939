// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "report/report.h"
#include "report/testing.h"
#include "report/text_layout.h"

namespace pinrig::report {
namespace {

using model::Arch;
using ::testing::ContainsRegex;
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
  std::vector<KernelSetup> kernels;
  for (int point = 0; point < 9; ++point) {
    const std::string label = point == 0 ? "base" : point == 8 ? "tip" : std::to_string(point);
    kernels.push_back(kernel(Arch::x86_64, point, label,
                             {test_row("pins/selfcheck", model::Verdict::pass, 16),
                              test_row("bio/dio_rw", model::Verdict::pass, 2342)}));
  }
  f.write(std::move(kernels));
  f.finish(store::RunState::finished, 0);
  Style s = of_width(60);
  s.verbose = true;  // else only what differs is shown
  expect_golden("nine-points-60.txt", shown(f, s));
}

TEST(Terminal, TheGuestsOfAKernelAreOneColumn) {
  Fixture f;
  f.several_guests();
  expect_golden("guests-100.txt", shown(f, of_width(100)));
}

TEST(Terminal, ConfigurationsAreColumnsOfTheirOwn) {
  Fixture f;
  f.two_configs();
  const std::string text = shown(f, of_width(100));
  expect_golden("configs-100.txt", text);
  EXPECT_THAT(text, HasSubstr("x86_64 debug"));
  EXPECT_THAT(text, ContainsRegex("regression +bio/dio_rw .*x86_64 debug\n"))
      << "a kernel is compared with the base of its own configuration";
}

TEST(Terminal, AKnownIssueIsShownAsWhatWasSeen) {
  Fixture f;
  f.known_and_lost();
  const std::string text = shown(f, of_width(100));
  expect_golden("known-100.txt", text);
  EXPECT_THAT(text, HasSubstr("✓ leak (known issue)"));
  EXPECT_THAT(text, Not(ContainsRegex("leak +x86_64 tip")));
}

TEST(Terminal, WhatTheTipHasLostIsNotAsExpected) {
  Fixture f;
  f.known_and_lost();
  const std::string text = shown(f, of_width(100));
  EXPECT_THAT(text,
              HasSubstr("✗ bio/dio_rw:read_thp  x86_64 tip\n    gone  pass on base-x86_64, absent here\n"));
  EXPECT_THAT(text, HasSubstr("✗ bio/dio_fork  x86_64 tip\n    gone  pass on base-x86_64, absent here\n"));
  EXPECT_THAT(text, HasSubstr("NOT AS EXPECTED: "));
  EXPECT_THAT(text, HasSubstr("3 not as expected"));
}

TEST(Terminal, WhatOtherRunsFoundOfAKernelIsSaidToBeTheirs) {
  Fixture f;
  auto probed = kernel(Arch::x86_64, 0, "base");
  probed.main().row.capabilities = {{"alg", "pin"}, {"dio.bdev", "get"}};
  store::RunRow earlier = f.run;
  earlier.id = "earlier";
  f.write(earlier, {probed});
  auto base = kernel(Arch::x86_64, 0, "base");
  base.main().row.capabilities = {{"dio.bdev", "pin"}};
  auto tip = kernel(Arch::x86_64, 1, "tip");
  tip.main().row.capabilities.clear();
  f.write({base, tip});
  EXPECT_THAT(shown(f, of_width(100)),
              HasSubstr("capabilities: dio.bdev=pin; other runs of this kernel: alg=pin\n"));
  EXPECT_THAT(ktap(f.store, f.run).value(),
              HasSubstr("# capabilities, other runs of this kernel: alg=pin\n"));
  EXPECT_THAT(json(f.store, f.run).value(),
              HasSubstr("\"capabilities_elsewhere\": {\n        \"alg\": \"pin\"\n      }"));
  EXPECT_THAT(junit(f.store, f.run).value(), HasSubstr("capability_elsewhere.alg"));
}

TEST(Terminal, KernelsAndGuestsThatDidNotComplete) {
  Fixture f;
  f.broken();
  expect_golden("broken-100.txt", shown(f, of_width(100)));
}

TEST(Terminal, AKernelThatWasNotBuiltIsOneLineAndNoChange) {
  Fixture f;
  std::vector<Row> rows;
  for (int i = 0; i < 20; ++i) rows.push_back(test_row(fmt::format("bio/t{}", i), model::Verdict::pass, 16));
  f.write({kernel(Arch::x86_64, 0, "base", rows),
           not_built(kernel(Arch::x86_64, 1, "tip", rows), store::KernelState::build_failed,
                     "block/bio.c:12:3: error: no")});
  f.finish(store::RunState::finished, 3);
  const std::string text = shown(f, of_width(100));
  EXPECT_THAT(text, HasSubstr("did not complete\n  ✗ patch 1 does not build"));
  EXPECT_THAT(text, HasSubstr("block: change 1 of how pages are pinned\": block/bio.c:12:3: error: no"));
  EXPECT_EQ(text.find("bio.c:12:3"), text.rfind("bio.c:12:3"));
  for (const char* word : {"regression", "gone ", "fixed", "new  ", "missing", "✗ bio"})
    EXPECT_THAT(text, Not(HasSubstr(word)));
  EXPECT_THAT(text, HasSubstr("x86_64: not compared, tip was not tested"));
  EXPECT_THAT(text, HasSubstr("NOT BUILT: 20 tests in 1 guest (20 pass), 1 kernel not built"));
}

TEST(Terminal, WhyACaseFailedIsTold) {
  Fixture f;
  f.surprises();
  EXPECT_THAT(shown(f, of_width(100)), HasSubstr("# mr_reg.c:88: mr == NULL does not hold\n"));
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

TEST(Terminal, ARunWithoutKernels) {
  Fixture f;
  f.write({});
  f.finish(store::RunState::failed, 4);
  expect_golden("no-kernels.txt", shown(f, of_width(80)));
}

TEST(Terminal, ABuildFailureIsOneLineAndNothingFollowsFromIt) {
  Fixture f;
  std::vector<KernelSetup> kernels{
      kernel(Arch::x86_64, 0, "base", {test_row("bio/dio_rw", model::Verdict::pass, 4)})};
  for (const int point : {2, 3, 4}) {
    auto k = not_built(kernel(Arch::x86_64, point, point == 4 ? "tip" : std::to_string(point)),
                       store::KernelState::build_failed, "block/bio.c:12:9: error: expected ';'");
    k.row.build_log = "/state/kernels/" + k.row.id + "/build.log";
    kernels.push_back(std::move(k));
  }
  f.write(kernels);
  f.finish(store::RunState::finished, 3);
  const std::string text = shown(f, of_width(200));
  EXPECT_THAT(text, HasSubstr("patch 2 does not build: "));
  EXPECT_THAT(text,
              HasSubstr("block/bio.c:12:9: error: expected ';'; points 3 and tip not tested (x86_64)\n"));
  EXPECT_THAT(text, HasSubstr("    log  /state/kernels/2-x86_64/build.log\n"));
  for (const char* word : {"regression ", "gone", "fixed", "missing", "2-x86_64/repro.sh", "patch 3 does"})
    EXPECT_THAT(text, Not(HasSubstr(word))) << word;
}

TEST(Terminal, ARedSaysWhyAndWhereItsOutputIs) {
  Fixture f;
  f.surprises();
  const std::string text = shown(f, of_width(200));
  for (const char* part : {"mr_reg.c:88: mr == NULL does not hold", "    kernel  kernel BUG at mm/gup.c:140!",
                           "try_grab_folio+0x1c/0x90", "/tests/rdma/mr_reg.out\n"})
    EXPECT_THAT(text, HasSubstr(part));
}

TEST(Terminal, SaysHowPatchesAppliedThatDidNotFit) {
  Fixture f;
  f.each_point();
  std::vector<store::PatchRow> patches;
  for (int i = 1; i <= 6; ++i)
    patches.push_back({i, "", "a subject", "", "", {false, {{"mm/gup.c", 100 * i, i, 0}}}});
  const auto notes = [&](bool verbose) {
    EXPECT_TRUE(f.store.set_series({f.run.id, "change", 1, "", ""}, patches).has_value());
    return terminal(f.store, f.run, {.width = 100, .verbose = verbose}).value();
  };
  EXPECT_THAT(notes(false), HasSubstr("6 patches: apply with an offset (--verbose lists them)"));
  EXPECT_THAT(notes(true), HasSubstr("patch 5: applies with offset 5 lines at mm/gup.c:500"));
  patches[1].fit = {true, {}};
  EXPECT_THAT(notes(false), HasSubstr("patch 2: merged by --3way"));
  patches.resize(3);
  EXPECT_THAT(notes(false), HasSubstr("patch 3: applies with offset 3 lines at mm/gup.c:300"));
  for (auto& p : patches) p.fit = {};
  EXPECT_THAT(notes(false), Not(ContainsRegex("appl|merged"))) << "those that fit are no news";
}

}  // namespace
}  // namespace pinrig::report
