// SPDX-License-Identifier: GPL-2.0
#include "job/kernel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinrig::job {
namespace {

TEST(CountedFiles, AreTheCFilesOfASeries) {
  EXPECT_THAT(counted_files({"Documentation/mm/pin.rst", "include/linux/mm.h", "mm/Makefile", "mm/gup.c",
                             "scripts/mod/modpost.c", "tools/testing/selftests/mm/cow.c"}),
              testing::ElementsAre("mm/gup.c"));
}

}  // namespace
}  // namespace pinrig::job
