// SPDX-License-Identifier: GPL-2.0
#include "vm/cpu_states.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinrig::vm {
namespace {

// QEMU 7.2, shortened.
constexpr const char* x86 =
    "\r\nCPU#0\r\nRAX=0000000000000001 RBX=ffffffff82a0c940 RCX=0000000000000000 RDX=0000000000000000\r\n"
    "RIP=ffffffff81001010 RFL=00000246 [---Z-P-] CPL=0 II=0 A20=1 SMM=0 HLT=0\r\n"
    "\r\nCPU#1\r\nRAX=0000000000000000\r\n"
    "RIP=ffffffff8100200f RFL=00000246 [---Z-P-] CPL=0 II=0 A20=1 SMM=0 HLT=1\r\n";
constexpr const char* arm =
    "\nCPU#0\n PC=ffff800080001004 X00=0000000000000000 X01=0000000000000001\n"
    "X02=0000000000000002 X03=0000000000000003\nPSTATE=60000005 -ZC- NS EL1h\n";
constexpr const char* map =
    "ffffffff81001000 T _raw_spin_lock\nffffffff81002000 T default_idle\nffffffff81003000 T _end\n";

TEST(ParseRegisters, ReadsBothArchitectures) {
  const auto cpus = parse_registers(x86);
  ASSERT_EQ(cpus.size(), 2u);
  EXPECT_EQ(cpus[0].pc, 0xffffffff81001010);
  EXPECT_FALSE(cpus[0].halted);
  EXPECT_EQ(cpus[1].number, 1);
  EXPECT_TRUE(cpus[1].halted);
  const auto one = parse_registers(arm);
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(one[0].pc, 0xffff800080001004);
}

TEST(ParseRegisters, OtherTextHasNoCpus) {
  EXPECT_TRUE(parse_registers("").empty());
  EXPECT_TRUE(parse_registers("RIP=ffffffff81001010 HLT=1\n").empty());
  EXPECT_EQ(parse_registers("CPU#0\nRIP=zzzz\n").at(0).pc, 0u);
}

TEST(DescribeCpu, NamesTheFunction) {
  const auto cpus = parse_registers(x86);
  EXPECT_EQ(describe(cpus[0], map), "CPU 0 in _raw_spin_lock+0x10");
  EXPECT_EQ(describe(cpus[1], map), "CPU 1 halted in default_idle+0xf");
  EXPECT_EQ(describe(cpus[0], ""), "CPU 0 in 0xffffffff81001010");
}

}  // namespace
}  // namespace pinrig::vm
