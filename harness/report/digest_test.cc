// SPDX-License-Identifier: GPL-2.0
#include "report/digest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/report.h"
#include "report/testing.h"
#include "report/why_text.h"

namespace pinrig::report {
namespace {

using model::Arch;
using model::JobOutcome;
using model::Verdict;
using store::KernelState;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::unique_ptr<const Digest> digest_of(const Fixture& f) { return digest(load(f.store, f.run).value()); }

KernelSetup broken(Arch arch, int point, const std::string& label, const std::string& failure,
                   KernelState state = KernelState::build_failed) {
  return not_built(kernel(arch, point, label), state, failure);
}

TEST(Digest, OneCompileErrorIsOneFaultWhateverFollowsFromIt) {
  Fixture f;
  std::vector<KernelSetup> kernels;
  for (const Arch arch : {Arch::x86_64, Arch::aarch64}) {
    kernels.push_back(kernel(arch, 0, "base", {test_row("bio/dio_rw", Verdict::pass, 4)}));
    kernels.push_back(kernel(arch, 1, "1", {test_row("bio/dio_rw", Verdict::pass, 4)}));
    kernels.push_back(broken(arch, 2, "2", "block/bio.c:12:9: error: x"));
    kernels.push_back(broken(arch, 3, "tip", "block/bio.c:12:9: error: x"));
  }
  f.write(kernels);
  f.finish(store::RunState::finished, 3);
  const auto d = digest_of(f);
  ASSERT_EQ(d->not_built.size(), 1u);
  const auto& n = d->not_built[0];
  EXPECT_EQ(n.headline(), "patch 2 does not build");
  EXPECT_THAT(n.untested, ElementsAre("tip"));
  EXPECT_THAT(n.archs, ElementsAre(Arch::x86_64, Arch::aarch64));
  EXPECT_THAT(n.kernels, ElementsAre("2-x86_64", "tip-x86_64", "2-aarch64", "tip-aarch64"));
  EXPECT_THAT(d->changes, IsEmpty());
  EXPECT_THAT(d->findings, IsEmpty());
  ASSERT_EQ(d->not_compared.size(), 2u);
  EXPECT_EQ(d->not_compared[0].kernel->row.id, "tip-x86_64");
  EXPECT_EQ(d->not_compared[1].kernel->row.id, "tip-aarch64");
  EXPECT_EQ(d->not_compared[0].tests, 0u) << "nothing of it";
  EXPECT_EQ(d->result, Digest::Result::not_built);
  EXPECT_EQ(d->headline(), "patch 2 does not build");
  EXPECT_EQ(d->counts.tests, 4u) << "what was not tested is not counted as judged";
}

std::size_t times(const std::string& text, const std::string& word) {
  std::size_t n = 0;
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++n;
  return n;
}

TEST(Digest, GuestProgramsThatDoNotBuildAreOneFaultAndNoneOfTheKernels) {
  Fixture f;
  std::vector<KernelSetup> kernels;
  for (const Arch arch : {Arch::x86_64, Arch::aarch64}) {
    for (const int point : {0, 1})
      kernels.push_back(broken(arch, point, point == 0 ? "base" : "tip", "guest-tests/bio/x.c:3: odd",
                               KernelState::programs_failed));
  }
  f.write(kernels);
  f.finish(store::RunState::finished, 4);
  const auto d = digest_of(f);
  EXPECT_EQ(d->headline(), "the guest programs do not build");
  EXPECT_EQ(d->result, Digest::Result::harness);
  ASSERT_EQ(d->not_built.size(), 1u);
  EXPECT_THAT(d->not_built[0].kernels, testing::SizeIs(4));
  EXPECT_THAT(d->not_built[0].untested, ElementsAre("base", "tip"));
  const auto junit_text = junit(f.store, f.run).value();
  EXPECT_EQ(times(junit_text, "<error"), 1u) << "the fault; the exit code is none of its own: " << junit_text;
  EXPECT_THAT(junit_text, HasSubstr("the guest programs do not build: guest-tests/bio/x.c:3: odd"));
  const auto text = terminal(f.store, f.run, Style{}).value();
  EXPECT_EQ(times(text, "do not build"), 1u) << text;
  EXPECT_EQ(times(text, "not build"), 1u) << text;
  EXPECT_EQ(times(text, "not built"), 0u) << text;
  EXPECT_EQ(times(ktap(f.store, f.run).value(), "not ok"), 1u) << ktap(f.store, f.run).value();
}

TEST(Digest, APatchThatFailsAfterOneThatBuildsIsAFaultOfItsOwn) {
  Fixture f;
  f.write({kernel(Arch::x86_64, 0, "base", {test_row("bio/dio_rw", Verdict::pass, 4)}),
           broken(Arch::x86_64, 1, "1", "a.c:1: error: x"),
           kernel(Arch::x86_64, 2, "2", {test_row("bio/dio_rw", Verdict::pass, 4)}),
           broken(Arch::x86_64, 3, "tip", "b.c", KernelState::apply_failed)});
  f.finish(store::RunState::finished, 3);
  const auto d = digest_of(f);
  ASSERT_EQ(d->not_built.size(), 2u);
  EXPECT_EQ(d->not_built[1].headline(), "the series does not apply");
  EXPECT_EQ(d->headline(), "patch 1 does not build; 1 more");
}

TEST(Digest, APatchThatDoesNotApplyIsNamedOnce) {
  const std::string why = "patch 2 \"block: b\" does not apply: block/bio.c: hunk 1 at line 1225";
  Fixture f;
  f.write({kernel(Arch::x86_64, 0, "base", {test_row("bio/dio_rw", Verdict::pass, 4)}),
           broken(Arch::x86_64, 3, "3", why, KernelState::apply_failed),
           broken(Arch::x86_64, 4, "tip", why, KernelState::apply_failed)});
  f.finish(store::RunState::finished, 3);
  const auto d = digest_of(f);
  ASSERT_EQ(d->not_built.size(), 1u);
  EXPECT_EQ(d->not_built[0].sentence(), why) << "not \"patch 3\", which is only the first point";
  EXPECT_THAT(d->not_built[0].untested, testing::ElementsAre("3", "tip"));
  EXPECT_EQ(d->headline(), "the series does not apply");
}

TEST(Digest, TestsThatWentWithTheirGuestAreNoChange) {
  Fixture f;
  auto tip = kernel(Arch::x86_64, 1, "tip",
                    {test_row("bio/a", Verdict::pass), surprising(test_row("bio/b", Verdict::crash), "Oops"),
                     surprising(test_row("bio/c", Verdict::missing), "planned, but no result")});
  tip.main().row.outcome = JobOutcome{JobOutcome::Kind::panicked, model::Phase::test, "Oops"};
  f.write({kernel(Arch::x86_64, 0, "base",
                  {test_row("bio/a", Verdict::pass), test_row("bio/b", Verdict::pass),
                   test_row("bio/c", Verdict::pass)}),
           tip});
  f.finish(store::RunState::finished, 1);
  const auto d = digest_of(f);
  ASSERT_EQ(d->changes.size(), 1u);
  EXPECT_EQ(d->changes[0].delta.test, "bio/b");
  ASSERT_EQ(d->lost_guests.size(), 1u);
  EXPECT_EQ(d->lost_guests[0].headline(), "panicked in test");
  EXPECT_THAT(d->lost_guests[0].tests, ElementsAre("bio/c"));
  ASSERT_EQ(d->findings.size(), 1u);
  EXPECT_EQ(d->findings[0].headline(), "crash in bio/b");
  ASSERT_EQ(d->not_compared.size(), 1u);
  EXPECT_EQ(d->not_compared[0].tests, 1u);
}

TEST(Digest, TheSameFaultOnTwoKernelsIsOneFinding) {
  Fixture f;
  const auto leak = surprising(test_row("bio/dio_faults", Verdict::leak, 4, 2), "2 pages outstanding");
  f.write({kernel(Arch::x86_64, 0, "base", {leak}), kernel(Arch::aarch64, 0, "base", {leak})});
  f.finish(store::RunState::finished, 1);
  const auto d = digest_of(f);
  ASSERT_EQ(d->findings.size(), 1u);
  EXPECT_EQ(d->findings[0].kernels.size(), 2u);
  EXPECT_EQ(d->headline(), "leak in bio/dio_faults (+2) on 2 kernels");
}

TEST(Digest, ALostRowIsAFindingEvenWhenAllVerdictsAreFine) {
  Fixture f;
  auto tip = kernel(Arch::x86_64, 1, "tip", {test_row("bio/a", Verdict::pass)});
  tip.row.lost = {{"bio/a", "one", Verdict::pass, "base-x86_64"}};
  f.write({kernel(Arch::x86_64, 0, "base",
                  {test_row("bio/a", Verdict::pass), case_row("bio/a", "one", Verdict::pass)}),
           tip});
  f.finish(store::RunState::finished, 1);
  const auto d = digest_of(f);
  ASSERT_EQ(d->findings.size(), 1u);
  EXPECT_EQ(d->findings[0].headline(), "1 case gone from bio/a");
  ASSERT_EQ(d->changes.size(), 1u);
  EXPECT_FALSE(d->changes[0].expected);
  EXPECT_EQ(d->result, Digest::Result::not_expected);
}

TEST(Digest, OnlyAnEndedRunIsJudged) {
  Fixture f;
  f.write({kernel(Arch::x86_64, 0, "base", {test_row("bio/a", Verdict::pass)})});
  EXPECT_EQ(digest_of(f)->result, Digest::Result::running);
  ASSERT_FALSE(f.store.finish_run(f.run.id, store::RunState::finished, 0).has_error());
  f.run = *f.store.find_run(f.run.id).value();
  EXPECT_EQ(digest_of(f)->result, Digest::Result::all_expected);
}

TEST(WhyLines, AreBounded) {
  Why w;
  w.verdict = Verdict::fail;
  w.detail = "30 of 40 cases failed";
  for (int i = 0; i < 30; ++i) {
    CaseGroup g;
    g.detail = "reason " + std::to_string(i);
    g.names = {"case_" + std::to_string(i)};
    g.diagnostics.assign(20, "a line");
    w.cases.push_back(std::move(g));
  }
  for (int i = 0; i < 9; ++i) {
    model::KernelEvent e;
    e.title = "WARNING " + std::to_string(i);
    e.text.assign(60, "frame");
    w.events.push_back(std::move(e));
  }
  const auto bounded = why_lines(w, WhyLimits{});
  EXPECT_LT(bounded.size(), 70u);
  EXPECT_THAT(bounded, testing::Contains("and cases that failed in 25 other ways"));
  EXPECT_THAT(bounded, testing::Contains("and 6 other kernel reports"));
  EXPECT_THAT(bounded, testing::Contains("  (14 more lines)"));
  EXPECT_GT(why_lines(w, WhyLimits::none()).size(), 600u);
  EXPECT_EQ(bounded.front(), "fail: 30 of 40 cases failed");
}

}  // namespace
}  // namespace pinrig::report
