// SPDX-License-Identifier: GPL-2.0
#include "job/repro.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "process/process.h"

namespace pinrig::job {
namespace {

TEST(Repro, ThePathOfPinrigIsNoShellCode) {
  const auto dir = TempDir::create(fs::temp_directory_path(), "repro-test").value();
  const fs::path job = dir.path() / "job";
  ASSERT_FALSE(make_dirs(job).has_error());
  for (const char* folder :
       {"plain", "with space", "a$HOME", "b`touch made`", "c\"d", "e'f", "g\\h", "${i}"}) {
    const fs::path pinrig = dir.path() / folder / "pinrig";
    ASSERT_FALSE(make_dirs(pinrig.parent_path()).has_error());
    ASSERT_FALSE(write_file_atomic(pinrig, "#!/bin/sh\necho \"$@\"\n", 0755).has_error());
    ASSERT_FALSE(write_repro({}, job, pinrig).has_error());
    const auto ran = process::run({.argv = {(job / "repro.sh").string(), "--test", "bio/x"},
                                   .cwd = dir.path(),
                                   .env = {},
                                   .unset = {"PINRIG"},
                                   .input = {}},
                                  CancelToken());
    ASSERT_FALSE(ran.has_error()) << ran.error().message;
    EXPECT_EQ(ran->out, "rerun " + (job / "job.json").string() + " --test bio/x\n") << folder << ran->err;
  }
  EXPECT_FALSE(fs::exists(dir.path() / "made"));
}

TEST(Repro, AProgramThatWasRebuiltIsTheNewOne) {
  EXPECT_EQ(existing_program("/nowhere/pinrig (deleted)"), "/nowhere/pinrig");
  EXPECT_EQ(existing_program("/nowhere/pinrig"), "/nowhere/pinrig");
  const auto dir = TempDir::create(fs::temp_directory_path(), "repro-test").value();
  const fs::path odd = dir.path() / "pinrig (deleted)";
  ASSERT_FALSE(write_file_atomic(odd, "").has_error());
  EXPECT_EQ(existing_program(odd.string()), odd) << "a file can be called so";
}

}  // namespace
}  // namespace pinrig::job
