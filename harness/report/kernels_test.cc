// SPDX-License-Identifier: GPL-2.0
#include "report/kernels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/fixture.h"

namespace pinrig::report {
namespace {

using model::Arch;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(KernelColumn, SortsByVersionThenArchitecture) {
  std::vector<KernelColumn> columns{{"debian-6.12 x86_64", ""},
                                    {"debian-6.1 x86_64", ""},
                                    {"debian-6.12 aarch64", ""},
                                    {"debian-6.1 aarch64", ""}};
  sort_columns(columns);
  std::vector<std::string> names;
  for (const auto& c : columns) names.push_back(c.name);
  EXPECT_THAT(names, ElementsAre("debian-6.1 aarch64", "debian-6.1 x86_64", "debian-6.12 aarch64",
                                 "debian-6.12 x86_64"));
}

TEST(KernelColumn, NamesEachReleaseOnce) {
  EXPECT_EQ(kernels_text({{"a x86_64", "6.1.9"}, {"a aarch64", "6.1.9"}, {"b x86_64", ""}}),
            "kernels: a is 6.1.9, b is unknown");
}

CapabilityTable table_of(const Fixture& f) { return capability_table(f.store, {f.run}).value(); }

TEST(CapabilityTable, ColumnsAreUnpatchedKernelsAndNothingIsMadeUp) {
  Fixture f;
  auto x86 = job_row(f.run.id, Arch::x86_64, 0, "base");
  x86.capabilities = {{"dio.bdev", "get"}, {"alg", "pin"}, {"dio.fuse", "unknown"}};
  auto arm = job_row(f.run.id, Arch::aarch64, 0, "base");
  arm.capabilities = {{"dio.bdev", "pin"}};
  auto tip = job_row(f.run.id, Arch::x86_64, 1, "tip");
  tip.capabilities = {{"dio.bdev", "patched"}};
  f.add(x86, {});
  f.add(arm, {});
  f.add(tip, {});
  const auto table = table_of(f);
  ASSERT_EQ(table.columns.size(), 2U);
  EXPECT_THAT(table.lines.at("dio.bdev"), ElementsAre("pin", "get"));
  EXPECT_THAT(table.lines.at("alg"), ElementsAre("", "pin"));
  EXPECT_FALSE(table.lines.contains("dio.fuse"));
  const std::string markdown = capabilities_markdown(table);
  EXPECT_THAT(markdown, HasSubstr("| capability | debian-6.12 aarch64 | debian-6.12 x86_64 "
                                  "|\n|---|---|---|\n| `alg` | - | pin |\n| `dio.bdev` | pin | get |\n"));
  EXPECT_THAT(capabilities_terminal(table, {}), HasSubstr("alg         -                    pin\n"));
  EXPECT_THAT(capabilities_terminal(table, {}), Not(HasSubstr("\033[")));
}

TEST(CapabilityTable, GuestsOfOneKernelShareAColumnAndTheNewestRunCounts) {
  Fixture f;
  auto first = job_row(f.run.id, Arch::x86_64, 0, "base");
  first.capabilities = {{"dio.bdev", "pin"}};
  auto second = first;
  second.cell_id += ".2";
  second.capabilities = {{"dio.bdev", "get"}, {"alg", "pin"}};
  f.add(first, {});
  f.add(second, {});
  const auto table = table_of(f);
  ASSERT_EQ(table.columns.size(), 1U);
  EXPECT_THAT(table.lines.at("dio.bdev"), ElementsAre("pin"));
  EXPECT_THAT(table.lines.at("alg"), ElementsAre("pin"));
}

}  // namespace
}  // namespace pinrig::report
