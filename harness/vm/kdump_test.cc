// SPDX-License-Identifier: GPL-2.0
#include "vm/kdump.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

namespace pinrig::vm {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* map =
    "ffffffff81000000 T _stext\nffffffff81a15000 D init_top_pgt\nffffffff81a15000 D swapper_pg_dir\n"
    "ffffffff81a22980 D init_uts_ns\nffffffff81be0408 B mem_section\n";

std::string big_endian(std::int64_t value) {
  std::string out;
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
  return out;
}

std::string record(std::int64_t offset, const std::string& data) {
  return big_endian(offset) + big_endian(static_cast<std::int64_t>(data.size())) + data;
}

std::string flattened(const std::string& records) {
  std::string out = "makedumpfile";
  out.resize(4096);
  return out + records;
}

std::string end() { return big_endian(-1) + big_endian(-1); }

/// A header with blocks of 4096 bytes and those notes in the third.
std::string kdump(const std::string& notes) {
  std::string out = "KDUMP   ";
  out.resize(8192);
  const std::int32_t block = 4096;
  const std::uint64_t place[2] = {8192, notes.size()};
  std::memcpy(&out[428], &block, sizeof block);
  std::memcpy(&out[4096 + 48], place, sizeof place);
  return out + notes;
}

class Kdump : public testing::Test {
 protected:
  fs::path file(const std::string& bytes) {
    EXPECT_TRUE(write_file_atomic(dir_.path() / "in", bytes).has_value());
    return dir_.path() / "in";
  }
  std::string unflattened(const std::string& bytes) {
    const auto r = unflatten(file(bytes), dir_.path() / "out");
    return r.has_value() ? read_file(dir_.path() / "out").value() : "error: " + r.error().message;
  }
  std::string completed(const std::string& bytes, const std::string& info) {
    const auto r = complete_kdump(file(bytes), "6.12.117", info);
    return r.has_value() ? read_file(dir_.path() / "in").value() : "error: " + r.error().message;
  }
  TempDir dir_ = TempDir::create(fs::temp_directory_path(), "kdump-test-").value();
};

TEST_F(Kdump, RecordsGoToTheirPlaces) {
  EXPECT_EQ(unflattened(flattened(record(3, "def") + record(0, "abc") + end() + "never read")), "abcdef");
  EXPECT_EQ(unflattened(flattened(end())), "");
}

TEST_F(Kdump, WhatIsCutOffOrNoneIsAnError) {
  EXPECT_THAT(unflattened(flattened(record(0, "abc"))), HasSubstr("it is cut off")) << "no end";
  EXPECT_THAT(unflattened(flattened(record(0, "abc").substr(0, 17))), HasSubstr("it is cut off"));
  EXPECT_THAT(unflattened(flattened(big_endian(0) + big_endian(-5))), HasSubstr("a record of -5 bytes"));
  EXPECT_THAT(unflattened(flattened(big_endian(0) + big_endian(std::int64_t{1} << 60))),
              HasSubstr("a record of"));
  EXPECT_THAT(unflattened("KDUMP   and so on"), HasSubstr("no flattened dump"));
  EXPECT_THAT(unflattened(""), HasSubstr("it is cut off"));
}

TEST_F(Kdump, TheReleaseAndTheInfoAreAdded) {
  const std::string out = completed(kdump("note"), "OSRELEASE=6.12.117\n");
  EXPECT_EQ(out.substr(12, 6), std::string("Linux\0", 6));
  EXPECT_EQ(out.substr(12 + 2 * 65, 9), std::string("6.12.117\0", 9));
  std::uint64_t place[2];
  std::memcpy(place, &out[4096 + 48], sizeof place);
  EXPECT_EQ(place[0], 8196u) << "behind what was there";
  const std::string notes = out.substr(place[0], place[1]);
  EXPECT_EQ(notes.substr(0, 4), "note");
  EXPECT_EQ(notes.substr(4, 12), std::string("\x0b\0\0\0\x13\0\0\0\0\0\0\0", 12));
  EXPECT_EQ(notes.substr(16), std::string("VMCOREINFO\0\0OSRELEASE=6.12.117\n\0", 32));
}

TEST_F(Kdump, TheKernelsOwnInfoStays) {
  const std::string own = "VMCOREINFO of its own";
  EXPECT_EQ(completed(kdump(own), "OSRELEASE=6.12.117\n").size(), kdump(own).size());
  EXPECT_EQ(completed(kdump("note"), "").size(), kdump("note").size()) << "nothing to add";
}

TEST_F(Kdump, WhatIsNoKdumpIsLeftAlone) {
  EXPECT_THAT(completed(std::string(8192, 'x'), "a"), HasSubstr("no kdump file"));
  EXPECT_THAT(completed("KDUMP   ", "a"), HasSubstr("it is cut off"));
  std::string huge = kdump("note");
  std::memset(&huge[4096 + 56], 0x7f, 8);
  EXPECT_THAT(completed(huge, "a"), HasSubstr("bytes of notes"));
}

TEST(Vmcoreinfo, HasWhatDrgnNeeds) {
  KernelFacts facts{.release = "6.12.117"};
  const std::string x86 = vmcoreinfo(facts, map);
  for (const char* line : {"OSRELEASE=6.12.117\n", "SYMBOL(swapper_pg_dir)=ffffffff81a15000\n",
                           "KERNELOFFSET=0\n", "NUMBER(phys_base)=0\n", "NUMBER(pgtable_l5_enabled)=0\n"})
    EXPECT_THAT(x86, HasSubstr(line));
  facts.five_levels = true;
  EXPECT_THAT(vmcoreinfo(facts, map), HasSubstr("NUMBER(pgtable_l5_enabled)=1\n"));
  facts.arch = model::Arch::aarch64;
  facts.kimage_voffset = 0xffff80003fe00000;
  facts.memstart_addr = 0x40000000;
  const std::string arm = vmcoreinfo(facts, map);
  EXPECT_THAT(arm, HasSubstr("NUMBER(VA_BITS)=48\nNUMBER(TCR_EL1_T1SZ)=0x10\n"));
  EXPECT_THAT(arm, HasSubstr("NUMBER(kimage_voffset)=0xffff80003fe00000\nNUMBER(PHYS_OFFSET)=0x40000000\n"));
  EXPECT_THAT(arm, Not(HasSubstr("phys_base")));
}

TEST(Vmcoreinfo, HasThePagesOfTheConfiguration) {
  KernelFacts facts{.arch = model::Arch::aarch64, .release = "6.12.117"};
  take_config(facts, "CONFIG_ARM64_VA_BITS_52=y\nCONFIG_ARM64_VA_BITS=52\nCONFIG_ARM64_64K_PAGES=y\n");
  EXPECT_THAT(vmcoreinfo(facts, map), HasSubstr("PAGESIZE=65536\n"));
  EXPECT_THAT(vmcoreinfo(facts, map), HasSubstr("NUMBER(VA_BITS)=52\n"));
  take_config(facts,
              "CONFIG_ARM64_VA_BITS=48\nCONFIG_ARM64_16K_PAGES=y\n# CONFIG_ARM64_64K_PAGES is not set\n");
  EXPECT_EQ(facts.page_size, 16384);
  EXPECT_EQ(facts.va_bits, 48);
}

TEST(NumberOf, IsTheAddressOfASymbol) {
  EXPECT_EQ(number_of(map, "_stext"), 0xffffffff81000000);
  EXPECT_EQ(number_of(map, "_end"), std::nullopt);
}

TEST(Vmcoreinfo, IsEmptyWhereSomethingIsNotKnown) {
  EXPECT_EQ(vmcoreinfo({.release = "6.12.117"}, "ffffffff81000000 T _stext\n"), "");
  EXPECT_EQ(vmcoreinfo({}, map), "") << "no release: it said no hello";
}

}  // namespace
}  // namespace pinrig::vm
