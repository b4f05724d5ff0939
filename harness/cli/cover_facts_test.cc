// SPDX-License-Identifier: GPL-2.0
#include "cli/cover_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinrig::cli {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(CoverFacts, OptionsAreThoseOfAllKernels) {
  report::CoverFacts facts;
  add_kernel_options({"CONFIG_NUMA=y\nCONFIG_CMA=y\n# CONFIG_KASAN is not set\nCONFIG_DEBUG_VM_PGTABLE=y\n",
                      "CONFIG_X=y\nCONFIG_NUMA=m\n# CONFIG_KASAN is not set\n"},
                     facts);
  EXPECT_THAT(facts.with, ::testing::ElementsAre("NUMA"));
  EXPECT_THAT(facts.without, Contains("KASAN"));
  EXPECT_THAT(facts.without, Contains("DEBUG_VM")) << "a longer name is another option";
  EXPECT_THAT(facts.without, Not(Contains("CMA"))) << "one of them has it";
  report::CoverFacts none;
  add_kernel_options({}, none);
  EXPECT_THAT(none.without, IsEmpty());
}

TEST(CoverFacts, PageSizesAreThoseOfArm) {
  EXPECT_STREQ(page_size_of("CONFIG_ARM64_64K_PAGES=y\n"), "64 KiB");
  EXPECT_STREQ(page_size_of("CONFIG_A=y\nCONFIG_ARM64_16K_PAGES=y\n"), "16 KiB");
  EXPECT_STREQ(page_size_of("# CONFIG_ARM64_64K_PAGES is not set\n"), "4 KiB");
}

}  // namespace
}  // namespace pinrig::cli
