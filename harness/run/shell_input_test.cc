// SPDX-License-Identifier: GPL-2.0
#include "run/shell_input.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace pinrig::run {
namespace {

using testing::HasSubstr;

TEST(ShellInput, AllOfStdinAreTheCommands) {
  const CancelToken cancel;  // before the pipe: its descriptor must not be the one that is closed below
  int fds[2];
  ASSERT_EQ(::pipe(fds), 0);
  ASSERT_EQ(::write(fds[1], "uname -r\ntrue\n", 14), 14);
  ::close(fds[1]);
  EXPECT_EQ(read_commands(fds[0], cancel).value(), "uname -r\ntrue\n");
  EXPECT_EQ(read_commands(fds[0], cancel).value(), "") << "at its end, as /dev/null is at once";
  ::close(fds[0]);
  EXPECT_EQ(read_commands(fds[0], cancel).value(), "") << "closed";
}

TEST(ShellInput, WaitingEndsWithTheRun) {
  int fds[2];
  ASSERT_EQ(::pipe(fds), 0);
  const CancelToken cancel;
  cancel.request();
  EXPECT_EQ(read_commands(fds[0], cancel).error().kind, ErrorKind::cancelled);
  ::close(fds[0]);
  ::close(fds[1]);
}

TEST(ShellInput, TheGuestGetsThemInAnArchiveOfItsOwn) {
  const auto dir = TempDir::create(fs::temp_directory_path(), "shell-input").value();
  job::ReadyJob job{.spec = {}, .dir = dir.path(), .drives = {}};
  job.spec.initramfs = {"first.cpio"};
  ASSERT_FALSE(give_commands(job, "grep pin /proc/vmstat\n").has_error());
  ASSERT_EQ(job.spec.initramfs.size(), 2u);
  const std::string archive = read_file(job.spec.initramfs[1]).value();
  for (const char* text : {"root/commands", "grep pin /proc/vmstat\n", "root/.profile", "exit $?"})
    EXPECT_THAT(archive, HasSubstr(text));
}

}  // namespace
}  // namespace pinrig::run
