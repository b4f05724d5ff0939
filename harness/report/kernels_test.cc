// SPDX-License-Identifier: GPL-2.0
#include "report/kernels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/testing.h"

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

/// A kernel whose main guest found these capabilities.
KernelSetup able(Arch arch, int point, const std::string& label, std::map<std::string, std::string> found) {
  auto k = kernel(arch, point, label);
  k.main().row.capabilities = std::move(found);
  return k;
}

TEST(CapabilityTable, ColumnsAreUnpatchedKernelsAndNothingIsMadeUp) {
  Fixture f;
  f.write({able(Arch::x86_64, 0, "base", {{"dio.bdev", "get"}, {"alg", "pin"}, {"dio.fuse", "unknown"}}),
           able(Arch::aarch64, 0, "base", {{"dio.bdev", "pin"}}),
           able(Arch::x86_64, 1, "tip", {{"dio.bdev", "patched"}})});
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
  auto k = able(Arch::x86_64, 0, "base", {{"dio.bdev", "pin"}});
  k.guests.push_back(further_guest(k, 2, {}));
  k.guests.back().row.capabilities = {{"dio.bdev", "get"}, {"alg", "pin"}};
  f.write({k});
  const auto table = table_of(f);
  ASSERT_EQ(table.columns.size(), 1U);
  EXPECT_THAT(table.lines.at("dio.bdev"), ElementsAre("pin"));
  EXPECT_THAT(table.lines.at("alg"), ElementsAre("pin"));
}

}  // namespace
}  // namespace pinrig::report
