// SPDX-License-Identifier: GPL-2.0
#include "model/unbuilt.h"

#include <gtest/gtest.h>

namespace pinrig::model {
namespace {

const std::vector<UnbuiltFile> kernel{{"drivers/x/x.c", "CONFIG_X is not set (drivers/x/Makefile:3: x)"},
                                      {"drivers/x/x.h", "no file that was built includes it"}};

TEST(Unbuilt, NothingOfAPatchWhoseCodeIsAllOff) {
  const auto u =
      unbuilt_of({"Documentation/x.rst", "drivers/x/Kconfig", "drivers/x/x.c", "drivers/x/x.h"}, kernel);
  EXPECT_TRUE(u.all);
  EXPECT_EQ(to_string(u), "nothing of it was built: drivers/x/x.c and 1 more");
  EXPECT_EQ(
      to_reason(u),
      "nothing of it was built: drivers/x/x.c and 1 more: CONFIG_X is not set (drivers/x/Makefile:3: x)");
}

TEST(Unbuilt, APartIsNotAll) {
  const auto u = unbuilt_of({"block/bio.c", "drivers/x/x.c"}, kernel);
  EXPECT_FALSE(u.all);
  EXPECT_EQ(to_string(u), "not built: drivers/x/x.c");
}

TEST(Unbuilt, OfAPatchThatIsBuiltNothingIsSaid) {
  for (const auto& files :
       {std::vector<std::string>{"block/bio.c"}, {}, {"Documentation/x.rst"}, {"tools/a.c"}}) {
    const auto u = unbuilt_of(files, kernel);
    EXPECT_FALSE(u.all);
    EXPECT_EQ(to_string(u), "");
    EXPECT_EQ(to_reason(u), "");
  }
}

TEST(Unbuilt, CodeIsWhatBecomesPartOfAKernel) {
  for (const char* path : {"mm/gup.c", "arch/x86/entry/entry_64.S", "include/linux/mm.h", "samples/x.c"})
    EXPECT_TRUE(is_kernel_code(path)) << path;
  for (const char* path : {"tools/testing/selftests/mm/cow.c", "scripts/mod/modpost.c", "Documentation/a.c",
                           "mm/Kconfig", "MAINTAINERS", "mm/Makefile"})
    EXPECT_FALSE(is_kernel_code(path)) << path;
}

}  // namespace
}  // namespace pinrig::model
