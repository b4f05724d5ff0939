// SPDX-License-Identifier: GPL-2.0
#include "kbuild/build_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinrig::kbuild {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

BuildLog read(std::string_view text) {
  BuildLog log("/cache/worktrees/k", "/cache/build/k-x86_64");
  log.add(text);
  log.finish();
  return log;
}

TEST(BuildLog, CountsStepsButNotHeaders) {
  EXPECT_EQ(read("  CC      mm/gup.o\n  AS      a.o\n  HDRINST usr/include/linux/a.h\n  LD [M]  x.ko\n"
                 "make: nothing\n  lower   x\n  CC\n")
                .steps(),
            3);
}

TEST(BuildLog, LinesMayComeInAnyPiecesAndStreamsMixed) {
  using Stream = BuildLog::Stream;
  BuildLog log("/s", "/o");
  log.add("  CC      a", Stream::out);
  log.add("/s/a.c:1:2: er", Stream::err);
  log.add(".o\n  CC   ", Stream::out);
  log.add("ror: bad\n", Stream::err);
  log.add("   b.o", Stream::out);
  log.finish();
  EXPECT_EQ(log.steps(), 2);
  EXPECT_EQ(log.first_error(), "a.c:1:2: error: bad");
}

TEST(BuildLog, FirstErrorIsRelativeToTheTree) {
  // As gcc prints it when CCACHE_BASEDIR has made the path relative to the object directory.
  EXPECT_EQ(read("../../worktrees/k/block/bio.c:12:3: error: expected ';'\nother.c:1:1: error: later\n")
                .first_error(),
            "block/bio.c:12:3: error: expected ';'");
  EXPECT_EQ(
      read("/cache/worktrees/k/mm/gup.c:7:10: fatal error: x.h: No such file or directory\n").first_error(),
      "mm/gup.c:7:10: error: x.h: No such file or directory");
  EXPECT_EQ(read("/cache/worktrees/k/arch/x86/a.S:9: Error: no such instruction\n").first_error(),
            "arch/x86/a.S:9: error: no such instruction");
}

TEST(BuildLog, CompilerErrorBeatsAnEarlierComplaint) {
  EXPECT_EQ(
      read("make[3]: *** [Makefile:1: x.o] Error 1\n/cache/worktrees/k/a.c:1:1: error: real\n").first_error(),
      "a.c:1:1: error: real");
}

TEST(BuildLog, LinkerAndMakeFailuresAreFoundToo) {
  EXPECT_THAT(
      read("ld: mm/gup.o: in function `f':\ngup.c:(.text+0x1): undefined reference to `g'\n").first_error(),
      HasSubstr("undefined reference to `g'"));
  EXPECT_THAT(read("make[1]: *** No rule to make target 'nonsense'.  Stop.\n").first_error(),
              HasSubstr("nonsense"));
  EXPECT_EQ(read("  CC      a.o\n").first_error(), "");
}

TEST(BuildLog, WarningsAreKeptOnceAndFiltered) {
  const auto log = read(
      "../../worktrees/k/block/bio.c:5:6: warning: unused variable 'x' [-Wunused-variable]\n"
      "../../worktrees/k/block/bio.c:5:6: warning: unused variable 'x' [-Wunused-variable]\n"
      "../../worktrees/k/block/bio.c.h:1:1: warning: other\n");
  EXPECT_THAT(log.warnings(), ElementsAre("block/bio.c:5: unused variable 'x' [-Wunused-variable]",
                                          "block/bio.c.h:1: other"));
  EXPECT_THAT(warnings_in(log.warnings(), {"block/bio.c"}),
              ElementsAre("block/bio.c:5: unused variable 'x' [-Wunused-variable]"));
  EXPECT_THAT(warnings_in(log.warnings(), {"bio.c"}), IsEmpty());
}

TEST(BuildLog, SeesAFullDisk) {
  EXPECT_TRUE(read("fatal error: error writing to /tmp/x.s: No space left on device\n").disk_full());
  EXPECT_FALSE(read("  CC      a.o\n").disk_full());
}

}  // namespace
}  // namespace pinrig::kbuild
