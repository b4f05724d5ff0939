// SPDX-License-Identifier: GPL-2.0
#include "vm/guest.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/mount.h>

#include <thread>

#include "vm/job_files.h"
#include "vm/testing.h"

namespace pinrig::vm {
namespace {

using ::testing::HasSubstr;
using Kind = GuestEnd::Kind;

class GuestTest : public ::testing::Test {
 protected:
  GuestTest() : dir_(TempDir::create(fs::temp_directory_path(), "guest-test-").value()), files_{dir_.path()} {
    job_.kernel_image = "/k/vmlinux";
    job_.timeouts.boot_s = 30;
    job_.timeouts.shutdown_s = 30;
  }
  Result<Guest> start() { return Guest::start(job_, files_, {}, cancel_); }
  /// How a guest that plays `role` ends while its hello is awaited.
  GuestEnd end_of_hello(const std::string& role) {
    FakeQemu fake(role);
    auto guest = start();
    EXPECT_TRUE(guest.has_value()) << guest.error().message;
    const auto hello = guest->hello();
    EXPECT_TRUE(hello.has_value());
    EXPECT_FALSE(hello->value.has_value());
    return hello->end;
  }

  TempDir dir_;
  GuestFiles files_;
  model::JobSpec job_;
  CancelToken cancel_;
};

TEST_F(GuestTest, AWholeConversation) {
  FakeQemu fake("good");
  auto guest = start();
  ASSERT_TRUE(guest.has_value()) << guest.error().message;
  EXPECT_TRUE(guest->hello()->value.has_value());
  EXPECT_EQ(guest->hold_control()->value->outstanding_held, 16);
  EXPECT_EQ(guest->setup({})->value->problems.size(), 1U);
  wire::Run run;
  run.id = 3;
  EXPECT_EQ(guest->run(run)->value->code, 7);
  EXPECT_EQ(guest->power_off()->kind, Kind::powered_off);
  EXPECT_EQ(guest->hello()->end.kind, Kind::powered_off) << "the first end stays the end";
}

TEST_F(GuestTest, CommandLineIsOnDiskBeforeQemuRuns) {
  FakeQemu fake("refuses");
  ASSERT_TRUE(start().has_error());
  EXPECT_THAT(read_file(files_.dir / "qemu.args").value(), HasSubstr("-kernel /k/vmlinux"));
}

TEST_F(GuestTest, AQemuThatCannotStartIsAnErrorWithItsWords) {
  FakeQemu fake("refuses");
  const auto guest = start();
  ASSERT_TRUE(guest.has_error());
  EXPECT_EQ(guest.error().kind, ErrorKind::infra);
  EXPECT_THAT(guest.error().message, HasSubstr("exit 1"));
  EXPECT_THAT(guest.error().message, HasSubstr("'nvme' is not a valid device model name"));
}

TEST_F(GuestTest, NoQemuNamesThePackage) {
  const std::string path = ::getenv("PATH");
  ::setenv("PATH", "/nonexistent", 1);
  const auto guest = start();
  ::setenv("PATH", path.c_str(), 1);
  ASSERT_TRUE(guest.has_error());
  EXPECT_EQ(guest.error().kind, ErrorKind::missing_tool);
  EXPECT_THAT(guest.error().hint, HasSubstr("qemu-system-x86"));
}

TEST_F(GuestTest, AQemuSilentOnQmpIsAnError) {
  FakeQemu fake("silent_qmp");
  job_.timeouts.boot_s = 0.05;
  const auto guest = start();
  ASSERT_TRUE(guest.has_error());
  EXPECT_THAT(guest.error().message, HasSubstr("does not respond on its QMP socket"));
}

TEST_F(GuestTest, KvmThatIsNotInUseIsAnError) {
  job_.accel = model::Accel::kvm;
  {
    FakeQemu fake("good");
    const auto guest = start();
    ASSERT_TRUE(guest.has_error());
    EXPECT_THAT(guest.error().message, HasSubstr("without it"));
  }
  FakeQemu fake("good_kvm");
  EXPECT_TRUE(start().has_value());
}

TEST_F(GuestTest, APanicBeforeHelloIsQemusExit) {
  const GuestEnd end = end_of_hello("panics_at_boot");
  EXPECT_EQ(end.kind, Kind::qemu_exited);
  EXPECT_THAT(end.detail, HasSubstr("the guest was reset"));
}

TEST_F(GuestTest, AGuestThatPrintsWithoutEndIsKilled) {
  for (const auto& [role, file] :
       {std::pair("floods_console", "console.raw"), std::pair("floods_results", "results.raw")}) {
    files_.caps = {.console = 1000, .results = 1000};
    for (const auto& left : {files_.console(), files_.results()}) fs::remove(left);
    FakeQemu fake(role);
    auto guest = start();
    ASSERT_TRUE(guest.has_value()) << guest.error().message;
    ASSERT_TRUE(guest->hello()->value.has_value());
    wire::Run run;
    run.limit_ms = 60000;
    const auto end = guest->run(run);
    EXPECT_FALSE(end->value.has_value());
    EXPECT_EQ(end->end.kind, Kind::too_much_output);
    EXPECT_THAT(end->end.detail, HasSubstr(std::string(file) + " has 64.0 KiB, more than the 1000 B"));
    EXPECT_EQ(guest->power_off()->kind, Kind::too_much_output) << "the reason stays the reason";
  }
}

TEST_F(GuestTest, LiesAreProtocolEnds) {
  for (const char* role :
       {"bad_magic", "not_json", "not_object", "wrong_type", "type_is_number", "field_of_wrong_type",
        "huge_number", "old_protocol", "output_on_control", "too_long"}) {
    const GuestEnd end = end_of_hello(role);
    EXPECT_EQ(end.kind, Kind::protocol) << role << ": " << end.detail;
    EXPECT_FALSE(end.detail.empty()) << role;
  }
}

// The deadline is one of the guest's, whatever it goes on saying.
TEST_F(GuestTest, AGuestThatNeverStopsTalkingIsLate) {
  for (const char* role : {"asks_for_ever", "drips_for_ever"}) {
    FakeQemu fake(role);
    job_.timeouts.silence_s = 0.1;
    auto guest = start();
    ASSERT_TRUE(guest.has_value()) << guest.error().message;
    ASSERT_TRUE(guest->hello()->value.has_value());
    wire::Run run;
    run.id = 1;
    run.limit_ms = 100;
    const auto step = guest->run(run);
    ASSERT_TRUE(step.has_value());
    EXPECT_FALSE(step->value.has_value()) << role;
    EXPECT_EQ(step->end.kind, Kind::hung) << role << ": " << step->end.detail;
    guest->kill();
  }
}

TEST_F(GuestTest, ARequestThatTheAgentRefusesIsSaidAtOnce) {
  FakeQemu fake("refuses_requests");
  auto guest = start();
  ASSERT_TRUE(guest->hello()->value.has_value());
  const auto step = guest->setup({});
  EXPECT_EQ(step->end.kind, Kind::protocol);
  EXPECT_THAT(
      step->end.detail,
      HasSubstr("the agent cannot read the request for \"setup_done\": setup.rxe has the wrong type"));
}

TEST_F(GuestTest, TheEndOfAnotherTestIsALie) {
  FakeQemu fake("wrong_id");
  auto guest = start();
  ASSERT_TRUE(guest->hello()->value.has_value());
  wire::Run run;
  run.id = 1;
  EXPECT_EQ(guest->run(run)->end.kind, Kind::protocol);
}

TEST_F(GuestTest, ATestMayHaveADriveUnplugged) {
  job_.machine.nvme = {{.serial = "pin-gone", .removable = true}, {.serial = "pin-raw"}};
  job_.timeouts.setup_s = 0.2;
  const auto end_of = [&](const std::string& role) {
    FakeQemu fake(role);
    auto guest = start();
    EXPECT_TRUE(guest->hello()->value.has_value());
    wire::Run run;
    run.id = 3;
    const auto end = guest->run(run);
    EXPECT_TRUE(end->value.has_value()) << role << ": " << end->end.detail;
    EXPECT_EQ(guest->power_off()->kind, Kind::powered_off) << role;
    return end->value ? fmt::format("{} {}", end->value->code, end->value->problem) : "";
  };
  EXPECT_EQ(end_of("unplugs"), "0 ");
  EXPECT_THAT(end_of("unplug_refused"), HasSubstr("1 the guest refuses"));
  EXPECT_THAT(end_of("unplug_ignored"), HasSubstr("1 QEMU did not release pin-gone within 0.2"));
  EXPECT_EQ(end_of("unplugs_another"), "1 the machine has no removable device 'pin-raw' (it has pin-gone)");
}

TEST_F(GuestTest, ATestMayHaveACpuHeld) {
  job_.machine.cpus = 3;
  job_.vmlinux = (dir_.path() / "vmlinux").string();
  ASSERT_TRUE(write_file_atomic(dir_.path() / "System.map", "ffffffff81113060 t here\n").has_value());
  const auto heard = [&](const std::string& role) {
    FakeQemu fake(role);
    auto guest = start();
    EXPECT_TRUE(guest->hello()->value.has_value());
    wire::Run run;
    run.id = 3;
    const auto end = guest->run(run);
    EXPECT_TRUE(end->value.has_value()) << role << ": " << end->end.detail;
    EXPECT_EQ(guest->power_off()->kind, Kind::powered_off) << role;
    return end->value ? end->value->problem : "";
  };
  EXPECT_EQ(heard("holds"), "here;here;;");
  EXPECT_EQ(heard("holds_and_ends"), "here;here;") << "and the CPU is released anyway";
  EXPECT_EQ(heard("holds_nowhere"), "this kernel has no function nowhere, or its compiler inlined it;");
}

TEST_F(GuestTest, SilenceIsHungAndSaysWhatWasAwaited) {
  FakeQemu fake("deaf");
  job_.timeouts.silence_s = 0.02;
  auto guest = start();
  ASSERT_TRUE(guest->hello()->value.has_value());
  wire::Run run;
  run.id = 1;
  run.limit_ms = 10;
  const auto step = guest->run(run);
  EXPECT_EQ(step->end.kind, Kind::hung);
  EXPECT_THAT(step->end.detail, HasSubstr("no test_end within"));
}

TEST_F(GuestTest, AGuestThatQemuStoppedIsHung) { EXPECT_EQ(end_of_hello("stops").kind, Kind::hung); }

/// A file system of a few MiB over `dir`, where that is allowed.
class SmallDisk {
 public:
  SmallDisk(const fs::path& dir, const char* size) : dir_(dir) {
    mounted_ = ::mount("none", dir.c_str(), "tmpfs", 0, (std::string("size=") + size).c_str()) == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(dir_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  bool mounted() const { return mounted_; }

 private:
  fs::path dir_;
  bool mounted_ = false;
};

TEST_F(GuestTest, ADiskThatFillsUpUnderAGuestIsNoGuestThatHangs) {
  const SmallDisk disk(dir_.path(), "20m");
  if (!disk.mounted()) GTEST_SKIP() << "mounting a tmpfs takes privileges";
  FakeQemu fake("fills_disk");
  job_.timeouts.silence_s = job_.timeouts.setup_s = 1;  // a busy host takes its time to write 20 MB
  auto guest = start();
  ASSERT_TRUE(guest.has_value()) << guest.error().message;
  ASSERT_TRUE(guest->hello()->value.has_value());
  const auto step = guest->setup({});
  EXPECT_EQ(step->end.kind, Kind::disk_full) << step->end.detail;
  EXPECT_THAT(step->end.detail, HasSubstr("the disk of " + dir_.path().string() + " is full"));
  EXPECT_THAT(step->end.detail, HasSubstr("PINRIG_STATE"));
}

TEST_F(GuestTest, ADiskWithTooLittleRoomIsSaidBeforeQemuStarts) {
  const SmallDisk disk(dir_.path(), "1m");
  if (!disk.mounted()) GTEST_SKIP() << "mounting a tmpfs takes privileges";
  FakeQemu fake("good");
  const auto guest = start();
  ASSERT_TRUE(guest.has_error());
  EXPECT_EQ(guest.error().kind, ErrorKind::disk_full);
  EXPECT_THAT(guest.error().message, HasSubstr(dir_.path().string()));
  EXPECT_FALSE(fs::exists(files_.dir / "qemu.log"));
}

TEST_F(GuestTest, AKernelThatBootedSlowlyGetsMoreTime) {
  FakeQemu fake("slow_kernel");
  auto guest = start();
  ASSERT_TRUE(guest->hello()->value.has_value());
  EXPECT_DOUBLE_EQ(guest->timeouts().scaled(10), 60);
}

TEST_F(GuestTest, TheLastAnswerBeforeTheEndIsNotLost) {
  FakeQemu fake("last_words");
  auto guest = start();
  ASSERT_TRUE(guest.has_value());
  EXPECT_TRUE(guest->hello()->value.has_value());
  EXPECT_EQ(guest->setup({})->end.kind, Kind::qemu_exited);
}

TEST_F(GuestTest, PowerOffThatIsIgnoredEndsInQuit) {
  FakeQemu fake("deaf");
  job_.timeouts.shutdown_s = 0.02;
  auto guest = start();
  ASSERT_TRUE(guest->hello()->value.has_value());
  const auto end = guest->power_off();
  EXPECT_EQ(end->kind, Kind::hung);
  EXPECT_THAT(end->detail, HasSubstr("no power off within"));
}

TEST_F(GuestTest, AResetDuringPowerOffIsNoPowerOff) {
  FakeQemu fake("resets_at_power_off");
  auto guest = start();
  ASSERT_TRUE(guest->hello()->value.has_value());
  EXPECT_EQ(guest->power_off()->kind, Kind::restarted);
}

TEST_F(GuestTest, CancellationEndsTheWaitAndQemu) {
  FakeQemu fake("deaf");
  auto guest = start();
  ASSERT_TRUE(guest->hello()->value.has_value());
  const pid_t pid = guest->pid();
  std::thread user([this] { cancel_.request(); });
  const auto step = guest->setup({});
  user.join();
  EXPECT_EQ(step->end.kind, Kind::cancelled);
  EXPECT_EQ(::kill(pid, 0), -1) << "reaped";
}

TEST_F(GuestTest, NothingStartsAfterCancellation) {
  cancel_.request();
  EXPECT_EQ(start().error().kind, ErrorKind::cancelled);
}

TEST_F(GuestTest, DestructionLeavesNoProcessAndNoDrives) {
  FakeQemu fake("deaf");
  job_.machine.nvme = {{"a", 1, 1, 0, ""}};
  pid_t pid = 0;
  {
    auto guest = start();
    pid = guest->pid();
    EXPECT_TRUE(fs::exists(files_.dir / "drive-a-1.raw"));
  }
  EXPECT_EQ(::kill(pid, 0), -1);
  EXPECT_FALSE(fs::exists(files_.dir / "drive-a-1.raw"));
}

TEST_F(GuestTest, JobFilesJoinArchivesOnFourByteBoundaries) {
  const fs::path a = dir_.path() / "a";
  const fs::path b = dir_.path() / "b";
  ASSERT_TRUE(write_file_atomic(a, "12345").has_value());
  ASSERT_TRUE(write_file_atomic(b, "6789").has_value());
  job_.initramfs = {a.string(), b.string()};
  const auto prepared = JobFiles::prepare(job_, files_, {});
  ASSERT_TRUE(prepared.has_value());
  EXPECT_EQ(read_file(prepared->paths().initramfs).value(), std::string("12345\0\0\0006789", 12));
}

TEST_F(GuestTest, JobFilesTakeASingleArchiveAsItIs) {
  job_.initramfs = {"/cache/base.cpio"};
  EXPECT_EQ(JobFiles::prepare(job_, files_, {})->paths().initramfs, "/cache/base.cpio");
}

TEST_F(GuestTest, JobFilesSharedImagesAreCopiedAndOwnOnesSparse) {
  const fs::path shared = dir_.path() / "ext4";
  ASSERT_TRUE(write_file_atomic(shared, "file system").has_value());
  job_.machine.nvme = {{"a", 1, 8, 0, ""}, {"a", 2, 8, 0, "ext4"}};
  fs::path copy;
  {
    const auto prepared = JobFiles::prepare(job_, files_, {{"a:2", shared}});
    ASSERT_TRUE(prepared.has_value());
    const auto& drives = prepared->paths().drives;
    copy = drives.at("a:2");
    EXPECT_NE(copy, shared);
    EXPECT_EQ(read_file(copy).value(), "file system");
    EXPECT_EQ(fs::file_size(drives.at("a:1")), 8U << 20);
  }
  EXPECT_FALSE(fs::exists(copy));
  EXPECT_TRUE(fs::exists(shared));
}

}  // namespace
}  // namespace pinrig::vm
