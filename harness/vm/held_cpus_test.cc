// SPDX-License-Identifier: GPL-2.0
#include "vm/held_cpus.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace pinrig::vm {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::uint64_t place = 0xffffffff81113060, other = 0xffffffff81131710;

std::string packet(const std::string& text) {
  unsigned sum = 0;
  for (const char c : text) sum += static_cast<unsigned char>(c);
  return fmt::format("${}#{:02x}", text, sum & 0xff);
}

/// All registers of x86-64 with `pc` in the place of rip.
std::string registers(std::uint64_t pc) {
  std::string text(16 * 16, '0');
  for (int byte = 0; byte < 8; ++byte) text += fmt::format("{:02x}", pc >> 8 * byte & 0xff);
  return text + "00000000";
}

/// QEMU's side, step by step.
class HeldCpusTest : public ::testing::Test {
 protected:
  /// What is sent now is `command`; the stub answers `reply`, after an acknowledgement.
  void expect(const std::string& command, const std::string& reply) {
    EXPECT_THAT(cpus_.take_output(), ::testing::AnyOf(packet(command), "+" + packet(command)));
    if (!reply.empty()) cpus_.feed("+" + packet(reply));
  }
  void arm(std::uint64_t address, int cpu, bool first = true) {
    cpus_.arm(address, cpu);
    EXPECT_FALSE(cpus_.settled());
    EXPECT_EQ(cpus_.take_output(), "\x03");
    cpus_.feed(packet(first ? "T02thread:01;" : "T02thread:p01.01;"));
    if (first) expect("qSupported:multiprocess+", "PacketSize=1000;vContSupported+;multiprocess+");
    expect(fmt::format("Z1,{:x},1", address), "OK");
  }
  void stop_at(std::uint64_t pc, int cpu) {
    cpus_.feed(packet(fmt::format("T05thread:p01.{:02x};", cpu + 1)));
    expect(fmt::format("Hgp1.{:x}", cpu + 1), "OK");
    expect("g", registers(pc));
  }
  HeldCpus cpus_{model::Arch::x86_64, 3};
};

constexpr const char* all_go = "vCont;c:p1.1;c:p1.2;c:p1.3";

TEST_F(HeldCpusTest, ACpuIsHeldAndTheOthersRun) {
  arm(place, 1);
  expect(all_go, "");
  EXPECT_TRUE(cpus_.settled());
  EXPECT_EQ(cpus_.held_at(place), std::nullopt);
  stop_at(place, 1);
  EXPECT_EQ(cpus_.held_at(place), 1);
  expect("z1,ffffffff81113060,1", "OK");
  expect("vCont;c:p1.1;c:p1.3", "");
  EXPECT_TRUE(cpus_.settled());
  EXPECT_TRUE(cpus_.in_use(place));

  cpus_.release(place);
  EXPECT_EQ(cpus_.held_at(place), std::nullopt);
  EXPECT_EQ(cpus_.take_output(), "\x03");
  cpus_.feed(packet("T02thread:p01.01;"));
  expect("vCont;s:p1.2", "T05thread:p01.02;");  // off the place, which may be armed again
  expect(all_go, "");
  EXPECT_TRUE(cpus_.settled());
  EXPECT_FALSE(cpus_.in_use(place));
}

TEST_F(HeldCpusTest, AnotherCpuPasses) {
  arm(place, 1);
  expect(all_go, "");
  stop_at(place, 2);
  EXPECT_EQ(cpus_.held_at(place), std::nullopt);
  EXPECT_FALSE(cpus_.settled());
  expect("z1,ffffffff81113060,1", "OK");
  expect("vCont;s:p1.3", "T05thread:p01.03;");
  expect("Z1,ffffffff81113060,1", "OK");
  expect(all_go, "");
  EXPECT_TRUE(cpus_.settled());
}

TEST_F(HeldCpusTest, TwoCpusInTwoPlaces) {
  arm(place, 1);
  expect(all_go, "");
  arm(other, 2, false);
  expect(all_go, "");
  stop_at(other, 2);
  expect("z1,ffffffff81131710,1", "OK");
  expect("vCont;c:p1.1;c:p1.2", "");
  stop_at(place, 1);
  expect("z1,ffffffff81113060,1", "OK");
  expect("vCont;c:p1.1", "");
  EXPECT_EQ(cpus_.held_at(other), 2);
  EXPECT_EQ(cpus_.held_at(place), 1);

  cpus_.release_all();
  EXPECT_EQ(cpus_.take_output(), "\x03");
  cpus_.feed(packet("T02thread:p01.01;"));
  expect("vCont;s:p1.2", "T05thread:p01.02;");
  expect("vCont;s:p1.3", "T05thread:p01.03;");
  expect(all_go, "");
  EXPECT_FALSE(cpus_.holds_any());
}

TEST_F(HeldCpusTest, WhenAllCpusAreHeldOneCanStillBeReleased) {
  HeldCpus one(model::Arch::x86_64, 1);
  std::swap(cpus_, one);
  arm(place, HeldCpus::any_cpu);
  expect("vCont;c:p1.1", "");
  stop_at(place, 0);
  expect("z1,ffffffff81113060,1", "OK");
  EXPECT_TRUE(cpus_.settled());
  cpus_.release(place);  // nothing runs that would have to be interrupted
  expect("vCont;s:p1.1", "T05thread:p01.01;");
  expect("vCont;c:p1.1", "");
}

TEST_F(HeldCpusTest, ACpuThatArrivesWhileItIsInterruptedIsHeld) {
  arm(place, 1);
  expect(all_go, "");
  cpus_.arm(other, 2);
  EXPECT_EQ(cpus_.take_output(), "\x03");
  stop_at(place, 1);  // instead of the interrupt, which the stub then ignores
  EXPECT_EQ(cpus_.held_at(place), 1);
  expect("z1,ffffffff81113060,1", "OK");
  expect("Z1,ffffffff81131710,1", "OK");
  expect("vCont;c:p1.1;c:p1.3", "");
}

TEST_F(HeldCpusTest, WhatIsDisarmedHoldsNobody) {
  arm(place, 1);
  expect(all_go, "");
  cpus_.release(place);
  EXPECT_EQ(cpus_.take_output(), "\x03");
  stop_at(place, 1);  // it came first
  EXPECT_EQ(cpus_.held_at(place), std::nullopt);
  expect("z1,ffffffff81113060,1", "OK");
  expect("vCont;s:p1.2", "T05thread:p01.02;");
  expect(all_go, "");
}

TEST_F(HeldCpusTest, PacketsMayComeInPieces) {
  cpus_.arm(place, 1);
  cpus_.take_output();
  for (const char c : packet("T02thread:01;")) cpus_.feed(std::string_view(&c, 1));
  EXPECT_THAT(cpus_.take_output(), StartsWith("+$qSupported"));
}

TEST(HeldCpus, WhatTheStubRefusesIsAProblem) {
  HeldCpus refusing(model::Arch::x86_64, 2);
  refusing.arm(place, 1);
  for (const char* reply : {"T02thread:01;", "PacketSize=1000", "E22"}) refusing.feed(packet(reply));
  EXPECT_THAT(refusing.problem(), HasSubstr("Z1,ffffffff81113060,1 was answered by \"E22\""));
  EXPECT_TRUE(refusing.settled()) << "nothing is to be waited for";
}

TEST_F(HeldCpusTest, AStopForAnotherReasonIsAProblem) {
  cpus_.feed(packet("T06thread:01;"));
  EXPECT_THAT(cpus_.problem(), HasSubstr("QEMU stopped the guest: T06thread:01;"));
}

TEST_F(HeldCpusTest, AGuestThatEndsIsNoProblem) {
  arm(place, 1);
  expect(all_go, "W00");
  EXPECT_EQ(cpus_.problem(), "");
  cpus_.release_all();
  EXPECT_TRUE(cpus_.settled());
}

TEST_F(HeldCpusTest, CpusAreLocatedAndThoseThatAreHeldStayHeld) {
  arm(place, 1);
  expect(all_go, "");
  stop_at(place, 1);
  expect("z1,ffffffff81113060,1", "OK");
  expect("vCont;c:p1.1;c:p1.3", "");
  cpus_.locate();
  EXPECT_FALSE(cpus_.settled());
  EXPECT_EQ(cpus_.take_output(), "\x03");
  cpus_.feed(packet("T02thread:p01.01;"));
  const std::map<int, std::uint64_t> where = {{0, 0x401000}, {1, place}, {2, other}};
  for (const auto& [cpu, pc] : where) {
    EXPECT_FALSE(cpus_.settled());
    expect(fmt::format("Hgp1.{:x}", cpu + 1), "OK");
    expect("g", registers(pc));
  }
  expect("vCont;c:p1.1;c:p1.3", "");
  EXPECT_TRUE(cpus_.settled());
  EXPECT_EQ(cpus_.located(), where);
}

TEST_F(HeldCpusTest, ACpuThatArrivesWhileAllAreLocatedIsHeld) {
  arm(place, 1);
  expect(all_go, "");
  cpus_.locate();
  EXPECT_EQ(cpus_.take_output(), "\x03");
  stop_at(place, 1);
  for (int cpu = 0; cpu < 3; ++cpu) {
    expect(fmt::format("Hgp1.{:x}", cpu + 1), "OK");
    expect("g", registers(place));
  }
  expect("z1,ffffffff81113060,1", "OK");
  expect("vCont;c:p1.1;c:p1.3", "");
  EXPECT_EQ(cpus_.held_at(place), 1);
}

TEST_F(HeldCpusTest, TheProgramCounterOfAarch64) {
  HeldCpus arm64(model::Arch::aarch64, 2);
  std::swap(cpus_, arm64);
  arm(place, 0);
  expect("vCont;c:p1.1;c:p1.2", "");
  cpus_.feed(packet("T05thread:p01.01;"));
  expect("Hgp1.1", "OK");
  expect("g", std::string(32 * 16, '0') + "60301181ffffffff" + "00000000");
  EXPECT_EQ(cpus_.held_at(place), 0);
}

}  // namespace
}  // namespace pinrig::vm
