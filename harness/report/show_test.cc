// SPDX-License-Identifier: GPL-2.0
#include "report/show.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/fixture.h"

namespace pinrig::report {
namespace {

using ::testing::HasSubstr;

std::string shown(const Fixture& f, const std::string& cell, const std::string& test) {
  auto r = show(f.store, f.run, cell, test, {});
  EXPECT_FALSE(r.has_error()) << (r.has_error() ? r.error().message : "");
  return std::move(r).value();
}

TEST(Show, WithoutACellItIsTheReport) {
  Fixture f;
  f.each_point();
  EXPECT_EQ(shown(f, "", ""), terminal(f.store, f.run, {}).value());
}

TEST(Show, ACell) {
  Fixture f;
  f.surprises();
  expect_golden("show-cell.txt", shown(f, "tip-x86_64", ""));
}

TEST(Show, ACellThatWasNeverBuilt) {
  Fixture f;
  f.broken();
  expect_golden("show-cell-not-built.txt", shown(f, "1-x86_64", ""));
}

TEST(Show, ATestOfAnotherGuestOfTheSameKernelIsFound) {
  Fixture f;
  f.several_guests();
  const auto text = show(f.store, f.run, "base-x86_64", "longterm/movable", Style{});
  ASSERT_TRUE(text.has_value());
  EXPECT_THAT(*text, HasSubstr(".2/repro.sh"));
  EXPECT_TRUE(show(f.store, f.run, "base-x86_64.2", "gup/pin", Style{}).has_error())
      << "that guest was named";
}

TEST(Show, ATestWithItsLedger) {
  Fixture f;
  auto row = surprising(test_row("bio/vfat", model::Verdict::leak, 16, -28), "4 pages outstanding");
  row.ledger->claim = model::PinClaim{model::PinClaim::Mode::exact, 16, 16};
  row.ledger->settled_after = false;
  row.counters = {{"pgfault", 120}, {"MemAvailable", -64}, {"pgpgin", 0}};
  row.taint_after = 0x200;
  row.verdict.numbers = {{"get_us", 12.5}};
  f.add(job_row(f.run.id, model::Arch::x86_64, 2, "tip"),
        {row, case_row("bio/vfat", "read", model::Verdict::pass),
         surprising(case_row("bio/vfat", "write", model::Verdict::fail), "acquired 1, released 3")});
  expect_golden("show-test.txt", shown(f, "tip-x86_64", "bio/vfat"));
  expect_golden("show-case.txt", shown(f, "tip-x86_64", "bio/vfat:write"));
}

TEST(Show, ATaintThatWasNotReadIsNotSilent) {
  Fixture f;
  auto row = surprising(test_row("mm/cow", model::Verdict::error),
                        "the kernel's taint could not be read after the test");
  row.taint_after.reset();
  f.add(job_row(f.run.id, model::Arch::x86_64, 0, "base"), {row});
  EXPECT_THAT(shown(f, "base-x86_64", "mm/cow"), HasSubstr("kernel taint 0x0"));
  EXPECT_THAT(shown(f, "base-x86_64", "mm/cow"), HasSubstr("unknown"));
}

TEST(Show, AKernelThatDoesNotCount) {
  Fixture f;
  auto row = test_row("mm/cow", model::Verdict::pass);
  row.ledger->available = false;
  f.add(job_row(f.run.id, model::Arch::x86_64, 0, "base"), {row});
  EXPECT_THAT(shown(f, "base-x86_64", "mm/cow"), HasSubstr("not available: this kernel does not count pins"));
}

TEST(Show, WhatIsNotThereIsNamedWithTheNearest) {
  Fixture f;
  f.caught();
  const auto error = [&](const std::string& cell, const std::string& test) {
    return show(f.store, f.run, cell, test, {}).error();
  };
  const Error cell = error("tip-x86-64", "");
  EXPECT_EQ(cell.kind, ErrorKind::bad_usage);
  EXPECT_EQ(cell.message, "run 20261121-010203-4f2a has no cell 'tip-x86-64'; did you mean 'tip-x86_64'?");
  EXPECT_EQ(cell.hint, "its cells: base-x86_64, tip-x86_64, base-aarch64, tip-aarch64");
  EXPECT_EQ(error("tip-x86_64", "bio/dio_wr").message,
            "cell tip-x86_64 has no test 'bio/dio_wr'; did you mean 'bio/dio_rw'?");
  EXPECT_EQ(error("tip-x86_64", "bio/dio_rw:read_1_pag").message,
            "test bio/dio_rw has no case 'read_1_pag'; did you mean 'read_1_page'?");
}

TEST(ListRuns, OneLineEach) {
  Fixture f;
  store::RunRow good = f.run;
  good.state = "finished";
  good.exit_code = 0;
  good.finished = "2026-11-21T01:05:15Z";
  store::RunRow bad = good;
  bad.id = "20261120-220000-0001";
  bad.exit_code = 1;
  bad.series = "";
  store::RunRow killed = f.run;
  killed.id = "20261120-210000-0002";
  killed.state = "interrupted";
  EXPECT_EQ(list_runs({good, bad, killed}, {}),
            "run                   spec     kernel                   took   result\n"
            "20261121-010203-4f2a  default  debian-6.12 + demo-leak  3m12s  as expected\n"
            "20261120-220000-0001  default  debian-6.12              3m12s  exit 1\n"
            "20261120-210000-0002  default  debian-6.12 + demo-leak         interrupted\n");
  EXPECT_EQ(list_runs({}, {}), "no runs yet; pinrig run makes one\n");
}

}  // namespace
}  // namespace pinrig::report
