// SPDX-License-Identifier: GPL-2.0
#include "vm/accel.h"

#include <gmock/gmock.h>
#include <stdlib.h>

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

TEST(Accel, NoKvmDeviceSaysSo) {
  EXPECT_EQ(kvm_device_problem("/nonexistent/kvm"), "no /nonexistent/kvm");
}

TEST(Accel, ADeviceThatIsNotKvmCreatesNoVm) {
  EXPECT_THAT(kvm_device_problem("/dev/null"), HasSubstr("KVM_CREATE_VM"));
}

TEST(Accel, ProbeGuestsEndQemuByThemselves) {
  EXPECT_THAT(probe_args(Arch::x86_64, Accel::tcg, "/g"), Contains("isa-debug-exit,iobase=0xf4,iosize=0x04"));
  EXPECT_THAT(probe_args(Arch::aarch64, Accel::tcg, "/g"), Contains("virt,gic-version=max"));
}

TEST(Accel, MissingProjectIsAnErrorThatNamesTheSource) {
  const CancelToken cancel;
  const auto probe = probe_accel(Arch::x86_64, "/nonexistent", fs::temp_directory_path() / "pinrig-none", cancel);
  ASSERT_TRUE(probe.has_error());
  EXPECT_THAT(probe.error().message, HasSubstr("guest-tests/probe/x86_64.S"));
}

}  // namespace
}  // namespace pinrig::vm
