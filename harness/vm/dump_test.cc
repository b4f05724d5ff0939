// SPDX-License-Identifier: GPL-2.0
#include "vm/dump.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "vm/guest.h"
#include "vm/testing.h"

namespace pinrig::vm {
namespace {

using ::testing::HasSubstr;

constexpr std::uintmax_t gib = std::uintmax_t{1} << 30;

model::JobSpec job_with(int memory_mib, int limit_mib) {
  model::JobSpec job;
  job.kernel_image = "/k/vmlinux";
  job.machine.memory_mib = memory_mib;
  job.dump.limit_mib = limit_mib;
  return job;
}

TEST(DumpObstacle, AGuestWithinItsLimitAndItsDiskIsDumped) {
  EXPECT_EQ(dump_obstacle(job_with(2048, 4096), 3 * gib), "");
  EXPECT_EQ(dump_obstacle(job_with(4096, 4096), 100 * gib), "");
}

TEST(DumpObstacle, MoreMemoryThanTheLimit) {
  EXPECT_THAT(dump_obstacle(job_with(4097, 4096), 100 * gib),
              HasSubstr("more than the 4.0 GiB of --dump-limit"));
}

TEST(DumpObstacle, TheDiskKeepsRoomForTheGuests) {
  EXPECT_THAT(dump_obstacle(job_with(2048, 4096), 3 * gib - 1),
              HasSubstr("a dump may need 2.0 GiB in addition"));
  EXPECT_THAT(dump_obstacle(job_with(2048, 4096), 0), HasSubstr("0 B are free"));
}

TEST(DumpArguments, ArePhysicalMemoryWithoutZeros) {
  const auto j = nlohmann::json::parse(dump_arguments("/r/a,b/vmcore", model::Arch::x86_64));
  EXPECT_EQ(j.at("paging"), false);
  EXPECT_EQ(j.at("protocol"), "file:/r/a,b/vmcore");
  EXPECT_EQ(j.at("format"), "kdump-zlib");
  const auto arm = nlohmann::json::parse(dump_arguments("/r/vmcore", model::Arch::aarch64));
  EXPECT_EQ(arm.at("format"), "elf") << "libkdumpfile does not open the other";
}

/// A guest that panics in its first test, and that QEMU then holds.
class HeldGuest : public testing::Test {
 protected:
  Guest dead(const char* role) {
    fake_.emplace(role);
    auto guest = Guest::start(job_, files_, {}, cancel_);
    EXPECT_TRUE(guest.has_value());
    EXPECT_TRUE(guest->hello()->value.has_value());
    EXPECT_TRUE(guest->hold_control()->value.has_value());
    wire::Run run;
    run.id = 1;
    const auto step = guest->run(run);
    EXPECT_FALSE(step->value.has_value());
    end_ = step->end;
    return std::move(*guest);
  }
  std::string left(const char* name) {
    const auto text = read_file(files_.dir / name);
    return text.has_value() ? *text : "(none)";
  }

  TempDir dir_ = TempDir::create(fs::temp_directory_path(), "dump-test-").value();
  GuestFiles files_{dir_.path()};
  model::JobSpec job_ = job_with(1, 4096);
  CancelToken cancel_;
  std::optional<FakeQemu> fake_;
  GuestEnd end_;
};

TEST_F(HeldGuest, IsReadBeforeItIsKilled) {
  auto guest = dead("panics_and_is_held");
  EXPECT_EQ(end_.kind, GuestEnd::Kind::qemu_exited);
  EXPECT_TRUE(end_.reset);
  EXPECT_FALSE(end_.panic_event);
  EXPECT_EQ(end_.detail, "the guest was reset");
  const auto look = guest.last_look(model::DumpCause::crash, "bio/a").value();
  EXPECT_TRUE(look.qemu_runs);
  EXPECT_EQ(look.status, "shutdown");
  EXPECT_FALSE(look.asked) << "no sysrq for a kernel that is gone";
  EXPECT_THAT(left("last_look/registers.txt"), HasSubstr("RIP=ffffffff81001010"));
  ASSERT_TRUE(look.dump.has_value());
  EXPECT_EQ(look.dump->problem, "");
  EXPECT_EQ(look.dump->file, (dir_.path() / "vmcore").string());
  EXPECT_EQ(look.dump->test, "bio/a");
  EXPECT_EQ(look.dump->bytes, 8196u);
  EXPECT_THAT(left("vmcore"), testing::StartsWith("KDUMP   "));
  EXPECT_EQ(left("vmcore.flat") + left("vmcore.part"), "(none)(none)");
}

TEST_F(HeldGuest, MayTellOfItsPanicItself) {
  auto guest = dead("tells_of_its_panic");
  EXPECT_TRUE(end_.reset);
  EXPECT_TRUE(end_.panic_event);
  EXPECT_EQ(end_.detail, "the guest panicked");
  EXPECT_EQ(guest.last_look().value().status, "guest-panicked");
}

TEST_F(HeldGuest, IsNotDumpedUnasked) {
  auto guest = dead("panics_and_is_held");
  const auto look = guest.last_look().value();
  EXPECT_FALSE(look.dump.has_value());
  EXPECT_EQ(left("vmcore"), "(none)");
}

TEST_F(HeldGuest, WithMoreMemoryThanTheLimitIsNotDumped) {
  job_ = job_with(4097, 4096);
  auto guest = dead("panics_and_is_held");
  const auto look = guest.last_look(model::DumpCause::crash).value();
  ASSERT_TRUE(look.dump.has_value());
  EXPECT_EQ(look.dump->file, "");
  EXPECT_THAT(look.dump->problem, HasSubstr("--dump-limit"));
  EXPECT_EQ(left("vmcore"), "(none)");
}

TEST_F(HeldGuest, ADumpThatFailsLeavesNothing) {
  auto guest = dead("cannot_be_dumped");
  const auto look = guest.last_look(model::DumpCause::crash).value();
  ASSERT_TRUE(look.dump.has_value());
  EXPECT_EQ(look.dump->problem, "dump: failed to save memory: Input/output error");
  EXPECT_EQ(left("vmcore"), "(none)");
  EXPECT_EQ(left("vmcore.flat") + left("vmcore.part"), "(none)(none)");
}

TEST(PrintedNumber, IsWhatTheMonitorShows) {
  EXPECT_EQ(printed_number("ffff8000817a1010: 0xffff80003fe00000\r\n"), 0xffff80003fe00000);
  EXPECT_EQ(printed_number("Cannot access memory\r\n"), std::nullopt);
  EXPECT_EQ(printed_number("ffff: 0x\r\n"), std::nullopt);
}

}  // namespace
}  // namespace pinrig::vm
