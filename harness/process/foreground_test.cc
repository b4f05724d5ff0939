// SPDX-License-Identifier: GPL-2.0
#include <gtest/gtest.h>
#include <unistd.h>

#include "process/process.h"

namespace pinrig::process {
namespace {

TEST(Foreground, TellsExitCodesAndSignalsApart) {
  const CancelToken cancel;
  EXPECT_EQ(to_string(*run_foreground({"sh", "-c", "exit 11"}, cancel)), "exit 11");
  EXPECT_EQ(to_string(*run_foreground({"sh", "-c", "kill -SEGV $$"}, cancel)), "killed by SIGSEGV");
}

TEST(Foreground, StaysInOurProcessGroupForTheTerminal) {
  const CancelToken cancel;
  const std::string group = std::to_string(::getpgrp());
  // Field 5 of /proc/PID/stat is the process group.
  EXPECT_TRUE(succeeded(
      *run_foreground({"sh", "-c", "set -- $(cat /proc/$$/stat); test \"$5\" = " + group}, cancel)));
}

TEST(Foreground, CancellationKills) {
  const CancelToken cancel;
  cancel.request();
  EXPECT_EQ(to_string(*run_foreground({"sleep", "60"}, cancel)), "interrupted");
}

TEST(Foreground, MissingProgramIsNamed) {
  const CancelToken cancel;
  const auto result = run_foreground({"pinrig-no-such-program"}, cancel);
  ASSERT_TRUE(result.has_error());
  EXPECT_EQ(result.error().kind, ErrorKind::missing_tool);
}

}  // namespace
}  // namespace pinrig::process
