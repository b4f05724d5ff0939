// SPDX-License-Identifier: GPL-2.0
#include <gtest/gtest.h>

#include <cstring>

#include "output.h"
#include "swap_header.h"

namespace pinrig::agent {
namespace {

TEST(OutputBudget, IsCutExactlyAndCountsTheRest) {
  OutputBudget budget(1000);
  EXPECT_EQ(budget.take(600), 600u);
  EXPECT_EQ(budget.take(600), 400u);
  EXPECT_EQ(budget.take(600), 0u);
  EXPECT_EQ(budget.dropped(), 800u);
}

TEST(OutputBudget, OfZeroSendsNothing) {
  OutputBudget budget(0);
  EXPECT_EQ(budget.take(1), 0u);
  EXPECT_EQ(budget.dropped(), 1u);
}

TEST(SwapHeader, IsWhatTheKernelLooksFor) {
  const std::string page = swap_header(16384, 512);
  ASSERT_EQ(page.size(), 16384u);
  EXPECT_EQ(page.substr(16384 - 10), "SWAPSPACE2");
  std::uint32_t words[3];
  std::memcpy(words, page.data() + 1024, sizeof words);
  EXPECT_EQ(words[0], 1u) << "version";
  EXPECT_EQ(words[1], 511u) << "last page";
  EXPECT_EQ(words[2], 0u) << "bad pages";
  EXPECT_EQ(page.find_first_not_of('\0'), 1024u) << "the boot block is left empty";
}

}  // namespace
}  // namespace pinrig::agent
