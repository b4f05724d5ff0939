// SPDX-License-Identifier: GPL-2.0
#include "counters.h"

#include <gtest/gtest.h>

namespace pinrig::agent {
namespace {

constexpr const char* vmstat =
    "nr_free_pages 242810\nnr_zone_unevictable 7\nnr_unevictable 3\nnr_foll_pin_acquired 4090\n"
    "nr_foll_pin_released 4085\npgmigrate_success 681\npgmigrate_fail 2\nunevictable_pgs_mlocked 5\n"
    "thp_split_page 1\noom_kill 0\npgfree 99\n";

TEST(Counters, ThePairIsFoundByItsFullNames) {
  const auto pins = parse_pins(vmstat);
  ASSERT_TRUE(pins.has_value());
  EXPECT_EQ(pins->acquired, 4090);
  EXPECT_EQ(pins->released, 4085);
  EXPECT_EQ(pins->balance(), 5);
}

TEST(Counters, AKernelWithoutOneOfThemHasNone) {
  EXPECT_FALSE(parse_pins("").has_value());
  EXPECT_FALSE(parse_pins("nr_foll_pin_acquired 5\n").has_value());
  EXPECT_FALSE(parse_pins("nr_foll_pin_released 5\n").has_value());
  EXPECT_FALSE(parse_pins("nr_foll_pin_acquired\nnr_foll_pin_released 3\n").has_value());
  EXPECT_FALSE(parse_pins("xnr_foll_pin_acquired 5\nnr_foll_pin_released_x 5\n").has_value());
  // A file cut in the middle of the second name.
  EXPECT_FALSE(parse_pins("nr_foll_pin_acquired 5\nnr_foll_pin_rele").has_value());
}

TEST(Counters, ALastLineWithoutNewlineCounts) {
  EXPECT_TRUE(parse_pins("nr_foll_pin_acquired 5\nnr_foll_pin_released 5").has_value());
}

TEST(Counters, OfVmstatOnlyWhatALedgerNeeds) {
  Counters counters;
  add_vmstat(vmstat, counters);
  const Counters expected{{"nr_unevictable", 3}, {"pgmigrate_success", 681},     {"pgmigrate_fail", 2},
                          {"oom_kill", 0},       {"unevictable_pgs_mlocked", 5}, {"thp_split_page", 1}};
  EXPECT_EQ(counters, expected);
}

TEST(Counters, MeminfoLinesWithAndWithoutTheirUnit) {
  Counters counters;
  add_meminfo(
      "MemTotal:        1020372 kB\nMemFree:          971240 kB\nHugePages_Total:      16\nHugePages_Free:   "
      "    15\n"
      "Unevictable:           0 kB\nDirectMap4k:       2048 kB\nbroken\nMlocked:\n",
      counters);
  const Counters expected{
      {"MemFree", 971240}, {"HugePages_Total", 16}, {"HugePages_Free", 15}, {"Unevictable", 0}};
  EXPECT_EQ(counters, expected);
}

TEST(Counters, ATaintThatIsNoNumberIsUnknownAndNotClean) {
  EXPECT_EQ(parse_taint("0\n"), 0);
  EXPECT_EQ(parse_taint("513\n"), 513);
  for (const char* bad : {"", "\n", "x\n", "-2\n"}) EXPECT_EQ(parse_taint(bad), -1) << bad;
}

TEST(Counters, NumbersAreWholeOrNone) {
  EXPECT_EQ(parse_int("0"), 0);
  EXPECT_EQ(parse_int("-12"), -12);
  EXPECT_EQ(parse_int("9223372036854775807"), INT64_MAX);
  for (const char* bad : {"", "-", "1x", "x1", " 1", "1 ", "+1", "9223372036854775808", "0x10"})
    EXPECT_FALSE(parse_int(bad).has_value()) << bad;
}

}  // namespace
}  // namespace pinrig::agent
