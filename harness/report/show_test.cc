// SPDX-License-Identifier: GPL-2.0
#include "report/show.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "report/testing.h"

namespace pinrig::report {
namespace {

using model::Arch;
using model::Verdict;
using ::testing::HasSubstr;

using ::testing::AllOf;
using ::testing::Not;

std::string shown(const Fixture& f, const Selection& what) {
  auto r = show(f.store, f.run, what, {});
  EXPECT_FALSE(r.has_error()) << (r.has_error() ? r.error().message : "");
  return r.has_error() ? "" : std::move(r).value();
}

Error refused(const Fixture& f, const std::string& guest, const std::string& test) {
  auto r = show(f.store, f.run, {guest, test}, {});
  EXPECT_TRUE(r.has_error());
  return r.has_error() ? r.error() : Error{};
}

// A run that goes on, or whose pinrig was killed: nobody has said yet what its rows are.
TEST(Show, ARowThatIsNotAssessedIsNeitherExpectedNorNot) {
  Fixture f;
  auto leak = test_row("bio/dio_rw", Verdict::leak, 2342, 296);
  leak.assessment.reset();
  auto lost_case = case_row("bio/dio_rw", "read", Verdict::fail, "acquired 1, released 0");
  lost_case.assessment.reset();
  auto pass = test_row("bio/ok", Verdict::pass, 4);
  pass.assessment.reset();
  f.write({kernel(Arch::x86_64, 0, "base", {leak, lost_case, pass})});
  const auto text = terminal(f.store, f.run, Style{}).value();
  EXPECT_THAT(text, HasSubstr("? leak (not assessed yet)"));
  EXPECT_THAT(text, Not(HasSubstr("not as expected")));
  EXPECT_THAT(text, HasSubstr("1 leak not assessed yet"));
  EXPECT_THAT(json(f.store, f.run).value(), HasSubstr("\"expected\": null"));
  EXPECT_THAT(junit(f.store, f.run).value(), HasSubstr("<skipped message=\"leak, not assessed yet\""));
  EXPECT_THAT(ktap(f.store, f.run).value(), HasSubstr("SKIP leak, not assessed yet"));
}

TEST(Show, NothingIsAdvisedForARowThatNoTestOfTheGuestMade) {
  Fixture f;
  f.write(
      {kernel(Arch::x86_64, 0, "base",
              {surprising(test_row(model::unowned_test, Verdict::timeout), "no power off within 10.0s")})});
  f.finish(store::RunState::finished, 1);
  const auto text = terminal(f.store, f.run, Style{}).value();
  EXPECT_THAT(text, HasSubstr("guests/base-x86_64/repro.sh  (also"));
  for (const auto& all : {text, junit(f.store, f.run).value(),
                          show(f.store, f.run, {"base-x86_64", model::unowned_test}, Style{}).value()}) {
    EXPECT_THAT(all, Not(HasSubstr("--test kernel/console")));
    EXPECT_THAT(all, Not(HasSubstr("console.out")));
  }
}

TEST(Show, AMachineFormatOfOneGuestHasThatGuest) {
  Fixture f;
  f.caught();
  const auto j = nlohmann::json::parse(json(f.store, f.run, {"tip-x86_64", "bio/dio_rw"}).value());
  ASSERT_EQ(j["kernels"].size(), 1u);
  EXPECT_EQ(j["kernels"][0]["guests"][0]["id"], "tip-x86_64");
  ASSERT_EQ(j["kernels"][0]["guests"][0]["tests"].size(), 1u);
  EXPECT_EQ(j["kernels"][0]["guests"][0]["tests"][0]["name"], "bio/dio_rw");
  EXPECT_THAT(ktap(f.store, f.run, {"base-aarch64"}).value(), Not(HasSubstr("x86_64")));
  EXPECT_THAT(junit(f.store, f.run, {"tip-x86_65"}).error().message, HasSubstr("did you mean 'tip-x86_64'"));
}

TEST(Show, WithoutAGuestItIsTheReport) {
  Fixture f;
  f.each_point();
  EXPECT_EQ(shown(f, {}), terminal(f.store, f.run, {}).value());
}

TEST(Show, AGuest) {
  Fixture f;
  f.surprises();
  expect_golden("show-guest.txt", shown(f, {"tip-x86_64", ""}));
}

TEST(Show, AGuestWhoseKernelWasNotBuilt) {
  Fixture f;
  f.broken();
  expect_golden("show-guest-not-built.txt", shown(f, {"1-x86_64", ""}));
  const Error e = refused(f, "1-x86_64", "pins/selfcheck");
  EXPECT_EQ(e.kind, ErrorKind::bad_usage);
  EXPECT_EQ(e.message, "pins/selfcheck: kernel 1-x86_64 was not built, so no test ran");
  EXPECT_EQ(e.hint, "block/bio.c:1225:9: error: expected ';' before '}' token");
}

TEST(Show, AttemptsOfAGuest) {
  Fixture f;
  f.several_guests();
  expect_golden("show-attempts.txt", shown(f, {"base-x86_64.3", ""}));
  EXPECT_THAT(shown(f, {"base-x86_64", ""}), Not(HasSubstr("attempt"))) << "the first sufficed";
}

TEST(Show, WhatAKernelHasLost) {
  Fixture f;
  f.known_and_lost();
  EXPECT_THAT(shown(f, {"tip-x86_64", ""}),
              AllOf(HasSubstr("gone          bio/dio_rw:read_thp: pass on base-x86_64, absent here\n"),
                    HasSubstr("known issue mr-cow-leak: 2 pages left by rdma/mr_cow\n")));
}

TEST(Show, AKnownIssueNamesItself) {
  Fixture f;
  f.known_and_lost();
  EXPECT_THAT(shown(f, {"tip-x86_64", "rdma/mr_cow"}),
              AllOf(HasSubstr("verdict       ✓ leak (known issue)\n"), HasSubstr("known_issue\n"),
                    HasSubstr("reference     mr-cow-leak\n")));
}

TEST(Show, ATestOfAnotherGuestOfTheSameKernelIsFound) {
  Fixture f;
  f.several_guests();
  EXPECT_THAT(shown(f, {"base-x86_64", "longterm/movable"}), HasSubstr(".2/repro.sh"));
  EXPECT_THAT(shown(f, {"base-x86_64.2", "gup/pin"}), HasSubstr("guests/base-x86_64/repro.sh"));
}

TEST(Show, ATestWithItsLedger) {
  Fixture f;
  auto row = surprising(test_row("bio/vfat", model::Verdict::leak, 16, -28), "4 pages outstanding");
  row.result.ledger->claim = model::PinClaim{model::PinClaim::Mode::exact, 16, 16};
  row.result.ledger->settled_after = false;
  row.result.counters = {{"pgfault", 120}, {"MemAvailable", -64}, {"pgpgin", 0}};
  row.result.taint_after = 0x200;
  row.result.verdict.numbers = {{"get_us", 12.5}};
  auto bad = surprising(case_row("bio/vfat", "write", model::Verdict::fail), "acquired 1, released 3");
  bad.result.verdict.diagnostics = {"write() of 512 bytes at 1536", "dio.c:40: n == 512 does not hold"};
  model::KernelEvent warning{"warning", "WARNING in gup_put_folio", "gup_put_folio", 700, 702, "bio/vfat"};
  warning.text = {"WARNING: CPU: 1 PID: 77 at mm/gup.c:70", " gup_put_folio+0x5c/0x70"};
  f.write({kernel(model::Arch::x86_64, 2, "tip",
                  {row, case_row("bio/vfat", "read", model::Verdict::pass), bad}, {warning})});
  expect_golden("show-test.txt", shown(f, {"tip-x86_64", "bio/vfat"}));
  expect_golden("show-case.txt", shown(f, {"tip-x86_64", "bio/vfat:write"}));
}

TEST(Show, ATaintThatWasNotReadIsNotSilent) {
  Fixture f;
  auto row = surprising(test_row("mm/cow", model::Verdict::error),
                        "the kernel's taint could not be read after the test");
  row.result.taint_after.reset();
  f.write({kernel(model::Arch::x86_64, 0, "base", {row})});
  EXPECT_THAT(shown(f, {"base-x86_64", "mm/cow"}),
              AllOf(HasSubstr("kernel taint 0x0"), HasSubstr("unknown")));
}

TEST(Show, AKernelThatDoesNotCount) {
  Fixture f;
  auto row = test_row("mm/cow", model::Verdict::pass);
  row.result.ledger->available = false;
  f.write({kernel(model::Arch::x86_64, 0, "base", {row})});
  EXPECT_THAT(shown(f, {"base-x86_64", "mm/cow"}),
              HasSubstr("not available: this kernel does not count pins"));
}

TEST(Show, WhatIsNotThereIsNamedWithTheNearest) {
  Fixture f;
  f.caught();
  const Error guest = refused(f, "tip-x86-64", "");
  EXPECT_EQ(guest.kind, ErrorKind::bad_usage);
  EXPECT_EQ(guest.message, "run 20261121-010203-4f2a has no guest 'tip-x86-64'; did you mean 'tip-x86_64'?");
  EXPECT_EQ(guest.hint, "its guests: base-x86_64, tip-x86_64, base-aarch64, tip-aarch64");
  EXPECT_EQ(refused(f, "tip-x86_64", "bio/dio_wr").message,
            "kernel tip-x86_64 has no test 'bio/dio_wr'; did you mean 'bio/dio_rw'?");
  EXPECT_EQ(refused(f, "tip-x86_64", "bio/dio_rw:read_1_pag").message,
            "test bio/dio_rw has no case 'read_1_pag'; did you mean 'read_1_page'?");
}

/// The leak that each_point() has at its tip, as a known issue now.
assess::RunAssessment all_known(const Fixture& f) {
  assess::RunAssessment out;
  for (const auto& k : f.store.kernels(f.run.id).value()) {
    model::KernelAssessment a{k.id, {}, {}, {}, {}};
    model::GuestAssessment rows{k.id, {}};
    for (const auto& r : f.store.results(f.run.id, k.id).value())
      rows.rows.push_back(
          {r.verdict().verdict == model::Verdict::leak ? model::Rule::known_issue : model::Rule::fine,
           "known now", "new-issue"});
    a.guests.push_back(std::move(rows));
    out.kernels.push_back(std::move(a));
  }
  return out;
}

TEST(Show, AnotherAssessmentTakesThePlaceOfTheStoredOne) {
  Fixture f;
  f.each_point();
  const std::string stored = shown(f, {});
  EXPECT_THAT(stored, AllOf(HasSubstr("NOT AS EXPECTED"), Not(HasSubstr("known issue"))));
  const auto assessment = all_known(f);
  const std::string again = shown(f, {"", "", &assessment});
  EXPECT_THAT(again, AllOf(HasSubstr("ALL AS EXPECTED"), HasSubstr("2 leak as known issue"),
                           Not(HasSubstr("not as expected")), Not(HasSubstr("absent here"))));
  EXPECT_THAT(shown(f, {"tip-x86_64", "bio/dio_rw", &assessment}), HasSubstr("reason        known now\n"));
  EXPECT_EQ(shown(f, {}), stored) << "nothing was written";
}

TEST(Show, AnotherAssessmentIsInEveryFormat) {
  Fixture f;
  f.each_point();
  const auto assessment = all_known(f);
  const Selection again{"", "", &assessment};
  const auto j = nlohmann::json::parse(json(f.store, f.run, again).value());
  EXPECT_EQ(j["exit_code"], 0);
  EXPECT_EQ(j["reassessed"], true);
  EXPECT_EQ(nlohmann::json::parse(json(f.store, f.run).value())["exit_code"], 1);
  EXPECT_THAT(junit(f.store, f.run).value(), HasSubstr("<failure"));
  EXPECT_THAT(junit(f.store, f.run, again).value(), Not(HasSubstr("<failure")));
  EXPECT_THAT(ktap(f.store, f.run).value(), HasSubstr("not ok"));
  EXPECT_THAT(ktap(f.store, f.run, again).value(), Not(HasSubstr("not ok")));
}

TEST(ReplaceAssessment, RowsAndWhatIsSaidOfTheKernelAreReplaced) {
  Fixture f;
  f.known_and_lost();
  RunData data = load(f.store, f.run).value();
  std::vector<model::KernelAssessment> given(2);
  for (auto& k : given) k.guests.resize(1);
  given[1].unmet = {"unmet now"};
  given[1].guests[0].rows.assign(4, {model::Rule::failure, "bad now", ""});
  replace_assessment(data, given);
  EXPECT_EQ(data.kernels[1].row.unmet, std::vector<std::string>{"unmet now"});
  EXPECT_TRUE(data.kernels[1].row.lost.empty());
  EXPECT_TRUE(data.kernels[1].row.known.empty());
  const TestData* dio = data.kernels[1].find("bio/dio_rw");
  ASSERT_NE(dio, nullptr);
  EXPECT_EQ(reason_of(dio->row), "bad now");
  EXPECT_EQ(reason_of(dio->cases.at(1)), "bad now") << "cases in the order of the store";
  EXPECT_EQ(dio->cases.at(1).verdict().verdict, model::Verdict::skip) << "what was seen stays";
}

// A test of the contract has some hundred cases.
TEST(Show, OfManyCasesThePassesAreCounted) {
  Fixture f;
  std::vector<Row> rows{test_row("contract/bdev", Verdict::pass),
                        case_row("contract/bdev", "gone", Verdict::skip, "no THP")};
  for (int i = 0; i < 30; ++i)
    rows.push_back(case_row("contract/bdev", fmt::format("case_{}", i), Verdict::pass));
  f.write({kernel(Arch::x86_64, 0, "base", rows)});
  const Selection what{"base-x86_64", "contract/bdev"};
  const std::string text = shown(f, what);
  EXPECT_THAT(text, HasSubstr("skip  gone: no THP\n  and 30 passes (--verbose lists them)\n"));
  EXPECT_THAT(text, Not(HasSubstr("case_7")));
  EXPECT_THAT(show(f.store, f.run, what, {.verbose = true}).value(), HasSubstr("case_29"));
}

}  // namespace
}  // namespace pinrig::report
