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

TEST(BuildLog, ReasonsOfMakeAndKconfigHaveFileAndLine) {
  const struct {
    const char* text;
    const char* file;
    int line;
    const char* message;
  } cases[] = {
      {"mm/Kconfig:1195: unknown statement \"bol\"\nmake[2]: *** [scripts/kconfig/Makefile:85: x] Error 1\n",
       "mm/Kconfig", 1195, "unknown statement \"bol\""},
      {"lib/Kconfig.debug:3:error: recursive dependency detected!\n", "lib/Kconfig.debug", 3,
       "recursive dependency detected!"},
      {"/cache/worktrees/k/Makefile:204: *** source directory cannot contain spaces or colons.  Stop.\n",
       "Makefile", 204, "source directory cannot contain spaces or colons"},
      {"mm/Makefile:9: *** missing separator.  Stop.\n", "mm/Makefile", 9, "missing separator"},
      {"/cache/worktrees/k/a.c:1:2: internal compiler error: in x\n", "a.c", 1, "in x"},
  };
  for (const auto& c : cases) {
    const auto reason = read(c.text).reason();
    EXPECT_EQ(reason.file, c.file) << c.text;
    EXPECT_EQ(reason.line, c.line) << c.text;
    EXPECT_EQ(reason.text, c.message) << c.text;
  }
  EXPECT_EQ(read("mm/Kconfig:7:warning: leading whitespace ignored\n").first_error(), "");
}

TEST(BuildLog, WhatSaysMoreWins) {
  const std::string summary = "make[2]: *** [scripts/Makefile.build:229: mm/gup.o] Error 1\n";
  const std::string linker = "aarch64-linux-gnu-ld: section .text VMA [0,1] overlaps section .data\n";
  const std::string located = "mm/Kconfig:1195: unknown statement \"bol\"\n";
  EXPECT_THAT(read(summary).first_error(), HasSubstr("mm/gup.o] Error 1"));
  EXPECT_THAT(read(summary + linker).first_error(), HasSubstr("overlaps"));
  EXPECT_THAT(read(summary + linker + located).first_error(), HasSubstr("unknown statement"));
}

TEST(BuildLog, ReasonsOfLinkerShellAndPrograms) {
  for (const std::string text :
       {"ld: mm/gup.o:(.bss+0x0): multiple definition of `x'; mm/swap.o:(.bss+0x0): first defined here",
        "aarch64-linux-gnu-gcc: error: space/: linker input file not found: No such file or directory",
        "gcc: fatal error: Killed signal terminated program cc1", "/bin/sh: 1: flex: not found",
        "FAILED: load BTF from vmlinux: Invalid argument",
        "gup.c:(.text+0x1): relocation truncated to fit: X",
        "ERROR: modpost: \"g\" [drivers/x.ko] undefined!"})
    EXPECT_EQ(read(text + "\n").first_error(), text);
  EXPECT_EQ(read("ld: warning: x.o: missing .note.GNU-stack section\n").first_error(), "");
  EXPECT_EQ(read("ld: mm/gup.o: in function `f':\n").first_error(), "");
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
