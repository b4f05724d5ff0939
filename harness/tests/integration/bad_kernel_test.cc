// SPDX-License-Identifier: GPL-2.0
// Real kernels that panic and that hang: a job that went well, run again with a parameter that breaks its
// boot.
#include "pipeline.h"

namespace pinrig::integration {
namespace {

using testing::HasSubstr;

class BadKernel : public testing::Test {
 protected:
  void SetUp() override {
    const Ran good = box_.pinrig(
        {"run", "--base", "debian-6.12", "--arch", "x86_64", "--test", "pins/selfcheck", "--accel", "tcg"});
    ASSERT_EQ(good.code, 0) << good;
  }

  /// The job once more with more kernel parameters: the last of a name counts.
  Ran again_with(const std::vector<std::string>& parameters) {
    fs::path file;
    for (const auto& e : fs::recursive_directory_iterator(box_.state / "runs")) {
      if (e.path().filename() == "job.json") file = e.path();
    }
    auto job = read_json(file);
    for (const auto& p : parameters) job["machine"]["kernel_args"].push_back(p);
    const fs::path changed = file.parent_path() / "bad/job.json";
    box_.put(changed, job.dump());
    return box_.pinrig({"rerun", changed.string()});
  }

  WarmSandbox box_;
};

TEST_F(BadKernel, OneThatPanicsAtBootIsAFinding) {
  // No init in the initramfs and no root either: mount_root() of init/do_mounts.c panics.
  const Ran ran = again_with({"rdinit=/nonexistent"});
  EXPECT_EQ(ran.code, 1) << ran;
  EXPECT_THAT(ran.out, HasSubstr("boot_failed"));
  EXPECT_THAT(ran.out, HasSubstr("VFS: Unable to mount root fs"));
  EXPECT_THAT(ran.out, HasSubstr("missing pins/selfcheck"));
}

TEST_F(BadKernel, OneThatHangsAtBootIsATimeout) {
  // Waits for its root for ever.
  const Ran ran = again_with({"rdinit=/nonexistent", "root=/dev/nonexistent", "rootwait"});
  EXPECT_EQ(ran.code, 1) << ran;
  EXPECT_THAT(ran.out, HasSubstr("timed_out"));
  EXPECT_THAT(ran.out, HasSubstr("no hello within"));
  std::string console;
  for (const auto& e : fs::recursive_directory_iterator(box_.state / "runs")) {
    const bool again = e.path().string().find("/rerun-1/") != std::string::npos;
    if (again && e.path().filename() == "console.raw") console = read_file(e.path()).value();
  }
  EXPECT_THAT(console, HasSubstr("Waiting for root device"));
  EXPECT_THAT(ran.out, HasSubstr("missing pins/selfcheck"));
}

}  // namespace
}  // namespace pinrig::integration
