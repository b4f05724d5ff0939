// SPDX-License-Identifier: GPL-2.0
// Ctrl-C and kill -9 while a guest runs, and two runs at once.
#include <signal.h>

#include "background.h"
#include "pipeline.h"

namespace pinrig::integration {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::vector<std::string> one_guest{"run",    "--verbose", "--base", "debian-6.12",
                                         "--arch", "x86_64",    "--test", "pins"};
constexpr double build_s = 3600;  // when the cache is cold

class GuestInterrupted : public testing::Test {
 protected:
  /// Up to the moment when a test runs inside the guest; returns its QEMU.
  void wait_for_guest(Background& run, std::vector<pid_t>& qemu) {
    ASSERT_TRUE(run.wait_for("✓ base-x86_64      build", build_s)) << run.heard();
    ASSERT_TRUE(run.wait_for("pins/selfcheck", 300)) << run.heard();
    for (const pid_t pid : box_.processes()) {
      const auto line = read_file("/proc/" + std::to_string(pid) + "/cmdline");
      if (line.has_value() && line->starts_with("qemu-system")) qemu.push_back(pid);
    }
    ASSERT_THAT(qemu, Not(IsEmpty())) << run.heard();
  }

  fs::path guest_dir() const {
    for (const auto& e : fs::directory_iterator(box_.state / "runs")) return e.path() / "guests/base-x86_64";
    return {};
  }

  void expect_usable_afterwards() {
    EXPECT_THAT(listed(box_), HasSubstr("interrupted"));
    EXPECT_EQ(box_.pinrig({"show", "last"}).code, 0);
    // Written before the guest started: an interrupted guest can be run again.
    EXPECT_TRUE(fs::exists(guest_dir() / "repro.sh"));
    EXPECT_GT(fs::file_size(guest_dir() / "console.raw"), 0u);
    const Ran next = box_.pinrig(one_guest);
    EXPECT_EQ(next.code, 0) << next;
  }

  WarmSandbox box_;
};

TEST_F(GuestInterrupted, CtrlC) {
  Background run(box_, one_guest);
  std::vector<pid_t> qemu;
  wait_for_guest(run, qemu);
  run.signal(SIGINT);
  EXPECT_EQ(run.end(30), "exit 130") << run.heard();
  EXPECT_THAT(box_.processes(), IsEmpty());
  EXPECT_THAT(run.heard(), Not(HasSubstr("infra_error")));
  expect_usable_afterwards();
}

TEST_F(GuestInterrupted, Kill) {
  Background run(box_, one_guest);
  std::vector<pid_t> qemu;
  wait_for_guest(run, qemu);
  ASSERT_THAT(qemu, Not(IsEmpty()));
  const Watched watched(qemu.front());
  run.signal(SIGKILL);
  EXPECT_EQ(run.end(30), "killed by SIGKILL");
  EXPECT_TRUE(watched.gone_within(30)) << "QEMU outlived pinrig";
  expect_usable_afterwards();
}

TEST_F(GuestInterrupted, QemuThatIsKilledIsAnErrorOfTheHarness) {
  Background run(box_, one_guest);
  std::vector<pid_t> qemu;
  wait_for_guest(run, qemu);
  ASSERT_THAT(qemu, Not(IsEmpty()));
  // One of them is up. Those that are not yet are started once more.
  for (const pid_t pid : qemu) ::kill(pid, SIGKILL);
  EXPECT_EQ(run.end(120), "exit 4") << run.heard();
  EXPECT_THAT(run.heard(), HasSubstr("SIGKILL"));
}

// A kernel that nobody has: a series whose one file says who made it.
fs::path new_series(const Sandbox& box) {
  const std::string name = box.root().filename().string();
  const fs::path dir = box.root() / "series" / name;
  box.put(dir / "series.yaml",
          "# SPDX-License-Identifier: GPL-2.0\nname: " + name + "\nbase: debian-6.12\npatches: {dir: .}\n");
  box.put(dir / "0001-new.patch",
          "From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001\n"
          "From: A. Developer <dev@example.org>\nDate: Mon, 5 Jan 2026 10:00:00 +0000\n"
          "Subject: [PATCH] mm: say " +
              name + "\n\n---\n mm/" + name +
              ".txt | 1 +\n"
              " 1 file changed, 1 insertion(+)\n create mode 100644 mm/" +
              name +
              ".txt\n\n"
              "diff --git a/mm/" +
              name + ".txt b/mm/" + name + ".txt\nnew file mode 100644\n--- /dev/null\n+++ b/mm/" + name +
              ".txt\n@@ -0,0 +1 @@\n+" + name + "\n");
  return dir / "series.yaml";
}

TEST_F(GuestInterrupted, TwoRunsThatNeedTheSameNewKernelBuildItOnce) {
  const std::string series = new_series(box_).string();
  const std::vector<std::string> args{"run", "--verbose", "--series", series,   "--point",
                                      "tip", "--arch",    "x86_64",   "--test", "pins/*"};
  Background first(box_, args);
  Background second(box_, args);
  EXPECT_EQ(first.end(build_s), "exit 0") << first.heard();
  EXPECT_EQ(second.end(build_s), "exit 0") << second.heard();
  const auto found_it = [](const Background& run) {
    return run.heard().find(" cached ") != std::string::npos;
  };
  EXPECT_NE(found_it(first), found_it(second)) << first.heard() << second.heard();
}

TEST_F(GuestInterrupted, TwoRunsAtOnceBothEndWell) {
  Background first(box_, one_guest);
  Background second(box_, one_guest);
  EXPECT_EQ(first.end(build_s), "exit 0") << first.heard();
  EXPECT_EQ(second.end(build_s), "exit 0") << second.heard();
  const std::string runs = listed(box_);
  EXPECT_EQ(std::distance(fs::directory_iterator(box_.state / "runs"), fs::directory_iterator()), 2);
  EXPECT_THAT(runs, Not(HasSubstr("interrupted")));
}

}  // namespace
}  // namespace pinrig::integration
