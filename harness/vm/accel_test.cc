// SPDX-License-Identifier: GPL-2.0
#include "vm/accel.h"

#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include "process/process.h"
#include "vm/probe_guest.h"

namespace pinrig::vm {
namespace {

using model::Accel;
using model::Arch;
using ::testing::Contains;
using ::testing::HasSubstr;

TEST(Accel, ScaleIsBoundedAndNeverBelowOne) {
  Probe probe;
  probe.tcg_s = 0.001;
  EXPECT_EQ(probe.scale(Accel::tcg), 1);
  probe.tcg_s = 1000;
  EXPECT_EQ(probe.scale(Accel::tcg), 20);
  probe.kvm_works = true;
  probe.kvm_s = 0.02;
  EXPECT_EQ(probe.scale(Accel::kvm), 1);
}

TEST(Accel, ScaleGrowsWithTheCalibrationTime) {
  Probe once;
  once.tcg_s = 1;
  Probe twice;
  twice.tcg_s = 2;
  EXPECT_DOUBLE_EQ(twice.scale(Accel::tcg), 2 * once.scale(Accel::tcg));
}

TEST(Accel, AScaleOfABusyHostIsNotKept) {
  Probe probe;
  probe.measured = 1000000;
  probe.tcg_s = 0.3;
  EXPECT_FALSE(probe.outdated(1000000 + 3600));
  EXPECT_TRUE(probe.outdated(1000000 + 3601));
  EXPECT_TRUE(probe.outdated(999999)) << "the clock went back";
  probe.tcg_s = 1.17;  // x3.9
  EXPECT_FALSE(probe.outdated(1000000 + 120));
  EXPECT_TRUE(probe.outdated(1000000 + 121));
}

TEST(Accel, NoKvmDeviceSaysSo) { EXPECT_EQ(kvm_device_problem("/nonexistent/kvm"), "no /nonexistent/kvm"); }

TEST(Accel, ADeviceThatIsNotKvmCreatesNoVm) {
  EXPECT_THAT(kvm_device_problem("/dev/null"), HasSubstr("KVM_CREATE_VM"));
}

TEST(Accel, ProbeGuestsEndQemuByThemselves) {
  EXPECT_THAT(probe_args(Arch::x86_64, Accel::tcg, "/g"), Contains("isa-debug-exit,iobase=0xf4,iosize=0x04"));
  EXPECT_THAT(probe_args(Arch::aarch64, Accel::tcg, "/g"), Contains("virt,gic-version=max"));
}

TEST(Accel, MissingProjectIsAnErrorThatNamesTheSource) {
  const CancelToken cancel;
  const auto probe =
      probe_accel(Arch::x86_64, "/nonexistent", fs::temp_directory_path() / "pinrig-none", cancel);
  ASSERT_TRUE(probe.has_error());
  EXPECT_THAT(probe.error().message, HasSubstr("guest-tests/probe/x86_64.S"));
}

// Fedora and Arch have no x86_64-linux-gnu-gcc on x86-64.
TEST(Accel, TheHostsOwnCompilerNeedsNoTriplet) {
  struct utsname host = {};
  ::uname(&host);
  const auto arch = model::arch_from_string(host.machine);
  if (!arch || process::find_program("gcc").empty()) GTEST_SKIP() << "no gcc for " << host.machine << " here";
  const auto dir = std::move(TempDir::create(fs::temp_directory_path(), "accel-test-")).value();
  for (const char* name : {"gcc", "as", "ld"})
    fs::create_symlink(process::find_program(name), dir.path() / name);
  const std::string path = ::getenv("PATH");
  ::setenv("PATH", dir.path().c_str(), 1);
  const CancelToken cancel;
  const auto guest = build_probe(*arch, PINRIG_SOURCE_DIR, dir.path() / "cache", cancel);
  ::setenv("PATH", path.c_str(), 1);
  ASSERT_TRUE(guest.has_value()) << guest.error().message;
  EXPECT_TRUE(fs::exists(*guest));
}

}  // namespace
}  // namespace pinrig::vm
