// SPDX-License-Identifier: GPL-2.0
#include "cmdline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinrig::agent {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(CommandLine, OthersWordsAreNotOurs) {
  const auto line = parse_command_line("console=ttyS0 panic=-1 nopinrig.shell mypinrig.rxe=1\n");
  EXPECT_FALSE(line.shell);
  EXPECT_FALSE(line.setup.rxe);
  EXPECT_THAT(line.problems, IsEmpty());
}

TEST(CommandLine, TheTerminalHasASize) {
  const auto line = parse_command_line("pinrig.shell pinrig.tty=50:132");
  EXPECT_EQ(line.rows, 50);
  EXPECT_EQ(line.columns, 132);
  EXPECT_TRUE(line.problems.empty());
  for (const char* bad : {"pinrig.tty=50", "pinrig.tty=x:80", "pinrig.tty="})
    EXPECT_EQ(parse_command_line(bad).problems.size(), 1U) << bad;
  EXPECT_EQ(parse_command_line("pinrig.shell").rows, 0);
}

TEST(CommandLine, SaysWhatASetupSays) {
  const auto line = parse_command_line(
      "quiet pinrig.shell pinrig.rxe  pinrig.hugepages=64 pinrig.swap_mib=32 pinrig.drive=pin-raw:1 "
      "pinrig.mount=pin-fs:2:ext4:/mnt/ext4 pinrig.mount=b:1:vfat:/mnt/a:b");
  EXPECT_TRUE(line.shell);
  EXPECT_TRUE(line.setup.rxe);
  EXPECT_EQ(line.setup.hugepages, 64);
  EXPECT_EQ(line.setup.swap_mib, 32);
  EXPECT_THAT(line.setup.drives, ElementsAre("pin-raw:1"));
  ASSERT_EQ(line.setup.mounts.size(), 2u);
  EXPECT_EQ(line.setup.mounts[0].serial, "pin-fs");
  EXPECT_EQ(line.setup.mounts[0].nsid, 2);
  EXPECT_EQ(line.setup.mounts[0].fstype, "ext4");
  EXPECT_EQ(line.setup.mounts[0].target, "/mnt/ext4");
  EXPECT_EQ(line.setup.mounts[1].target, "/mnt/a:b");
  EXPECT_THAT(line.problems, IsEmpty());
}

TEST(CommandLine, WordsOfOursThatMakeNoSenseAreProblems) {
  for (const char* bad : {"pinrig.sell", "pinrig.hugepages", "pinrig.hugepages=many", "pinrig.hugepages=-1",
                          "pinrig.hugepages=99999999999", "pinrig.drive=pin-raw", "pinrig.mount=a",
                          "pinrig.mount=a:x:ext4:/mnt", "pinrig.mount=a:1:ext4:mnt", "pinrig.mount=a:1::/mnt",
                          "pinrig.mount=:1:ext4:/mnt", "pinrig."}) {
    const auto line = parse_command_line(std::string("panic=-1 ") + bad + " ro");
    ASSERT_EQ(line.problems.size(), 1u) << bad;
    EXPECT_NE(line.problems[0].find(bad), std::string::npos);
    EXPECT_TRUE(line.setup.mounts.empty() && line.setup.drives.empty() && line.setup.hugepages == 0) << bad;
  }
}

}  // namespace
}  // namespace pinrig::agent
