// SPDX-License-Identifier: GPL-2.0
#include "kbuild/sparse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinrig::kbuild {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> parse(const std::string& text) {
  return parse_sparse(text, "/cache/worktrees/small", "/cache/build/small-x86_64");
}

TEST(Sparse, SaysFileLineAndAllOfTheText) {
  EXPECT_THAT(
      parse("  CHECK   ../../worktrees/small/mm/sample.c\n"
            "../../worktrees/small/mm/sample.c:12:9: warning: context imbalance in 'hold_page' - wrong "
            "count at exit\n"
            "../../worktrees/small/mm/sample.c:40:16: warning: incorrect type in assignment (different "
            "base types)\n"
            "../../worktrees/small/mm/sample.c:40:16:    expected unsigned int [usertype] count\n"
            "../../worktrees/small/mm/sample.c:40:16:    got restricted __le32\n"
            "../../worktrees/small/mm/sample.c: note: in included file:\n"
            "/cache/worktrees/small/include/linux/sample.h:7:1: error: typename in expression\n"),
      ElementsAre("mm/sample.c:12: sparse: context imbalance in 'hold_page' - wrong count at exit",
                  "mm/sample.c:40: sparse: incorrect type in assignment (different base types), expected "
                  "unsigned int [usertype] count, got restricted __le32",
                  "include/linux/sample.h:7: sparse: typename in expression"));
}

TEST(Sparse, LeavesTheCompilersWarningsOutAndEachIsThereOnce) {
  EXPECT_THAT(
      parse("/cache/worktrees/small/mm/sample.c:3:7: warning: unused variable 'n' [-Wunused-variable]\n"
            "/cache/worktrees/small/mm/sample.c:9:1: warning: symbol 'held' was not declared. Should it "
            "be static?\n"
            "/cache/worktrees/small/mm/sample.c:9:1: warning: symbol 'held' was not declared. Should it "
            "be static?\n"),
      ElementsAre("mm/sample.c:9: sparse: symbol 'held' was not declared. Should it be static?"));
  EXPECT_THAT(parse(""), IsEmpty());
  EXPECT_THAT(parse("make: 'x' is up to date.\na:b: c\n:1:2: warning: no file\n12:34\n"), IsEmpty());
  EXPECT_THAT(parse("mm/sample.c:1:2:    got a line without its first\n"), IsEmpty());
}

TEST(Sparse, AWarningThatMovedIsNotNewButASecondOneIs) {
  const std::vector<std::string> before{"a.c:3: sparse: x", "a.c:9: sparse: y"};
  EXPECT_THAT(new_warnings(before, {"a.c:5: sparse: x", "a.c:11: sparse: y"}), IsEmpty());
  EXPECT_THAT(new_warnings(before, {"a.c:5: sparse: x", "a.c:6: sparse: x", "b.c:9: sparse: y"}),
              ElementsAre("a.c:6: sparse: x", "b.c:9: sparse: y"));
  EXPECT_THAT(new_warnings(before, {}), IsEmpty());
}

}  // namespace
}  // namespace pinrig::kbuild
