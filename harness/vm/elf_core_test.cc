// SPDX-License-Identifier: GPL-2.0
#include "vm/elf_core.h"

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "vm/core_file.h"

namespace pinrig::vm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* map = "ffff800080000000 T _text\nffff800080010000 T _stext\nffff800080020000 B _end\n";
constexpr std::uint64_t ram = 0x40000000;
// As a guest of QEMU's machine virt has them: the image is 2 MiB behind the begin of its memory.
const KernelFacts facts{.arch = model::Arch::aarch64,
                        .release = "6.12.117",
                        .kimage_voffset = 0xffff80003fe00000,
                        .memstart_addr = ram};

TEST(MappedSegments, AreTheLinearMapAndTheImage) {
  const Segment all{0x1000, 0, ram, 0x10000000};
  EXPECT_THAT(mapped_segments({all}, facts, map),
              ElementsAre(Segment{0x1000, 0xffff000000000000, ram, 0x10000000},
                          Segment{0x201000, 0xffff800080000000, ram + 0x200000, 0x20000}));
  KernelFacts wide = facts;
  wide.va_bits = 52;
  EXPECT_EQ(mapped_segments({all}, wide, map)[0].virt, 0xfff0000000000000);
}

TEST(MappedSegments, MemoryWithoutTheImageIsInTheLinearMapOnly) {
  EXPECT_THAT(mapped_segments({{0, 0, 0x80000000, 0x1000}}, facts, map),
              ElementsAre(Segment{0, 0xffff000040000000, 0x80000000, 0x1000}));
  EXPECT_THAT(mapped_segments({{0, 0, ram, 0x10000000}}, facts, ""), testing::SizeIs(1));
  // The image ends in the next piece.
  const auto cut =
      mapped_segments({{0, 0, ram, 0x210000}, {0x300000, 0, ram + 0x210000, 0x100000}}, facts, map);
  ASSERT_EQ(cut.size(), 4u);
  EXPECT_EQ(cut[1], (Segment{0x200000, 0xffff800080000000, ram + 0x200000, 0x10000}));
  EXPECT_EQ(cut[3], (Segment{0x300000, 0xffff800080010000, ram + 0x210000, 0x10000}));
}

/// As QEMU writes it: headers, memory with physical addresses, notes.
std::string core(const std::string& notes, const std::string& memory, std::uint16_t machine = EM_AARCH64) {
  Elf64_Ehdr h = {};
  std::memcpy(h.e_ident, ELFMAG, SELFMAG);
  h.e_ident[EI_CLASS] = ELFCLASS64;
  h.e_ident[EI_DATA] = ELFDATA2LSB;
  h.e_type = ET_CORE;
  h.e_machine = machine;
  h.e_phoff = sizeof h;
  h.e_phentsize = sizeof(Elf64_Phdr);
  h.e_phnum = 2;
  Elf64_Phdr note = {}, load = {};
  note.p_type = PT_NOTE;
  load.p_type = PT_LOAD;
  load.p_offset = 4096;
  load.p_paddr = load.p_vaddr = ram;
  load.p_filesz = load.p_memsz = memory.size();
  note.p_offset = 4096 + memory.size();
  note.p_filesz = note.p_memsz = notes.size();
  std::string out = bytes_of(h) + bytes_of(note) + bytes_of(load);
  out.resize(4096);
  return out + memory + notes;
}

struct Read {
  Elf64_Ehdr header;
  std::vector<Elf64_Phdr> headers;
};

Read headers_of(const std::string& file) {
  Read r = {};
  std::memcpy(&r.header, file.data(), sizeof r.header);
  r.headers.resize(r.header.e_phnum);
  std::memcpy(r.headers.data(), &file.at(r.header.e_phoff), r.headers.size() * sizeof(Elf64_Phdr));
  return r;
}

class CompleteElf : public testing::Test {
 protected:
  std::string completed(const std::string& bytes, const std::string& info) {
    EXPECT_TRUE(write_file_atomic(file_, bytes).has_value());
    const auto r = complete_elf(file_, facts, info, map);
    return r.has_value() ? read_file(file_).value() : "error: " + r.error().message;
  }
  TempDir dir_ = TempDir::create(fs::temp_directory_path(), "elf-core-").value();
  fs::path file_ = dir_.path() / "vmcore";
};

TEST_F(CompleteElf, HasTheKernelsAddressesAndItsInfo) {
  std::string memory(4 << 20, '\0');
  memory[0x200000] = 'k';
  const std::string out = completed(core("note", memory), "OSRELEASE=6.12.117\n");
  const auto r = headers_of(out);
  ASSERT_EQ(r.headers.size(), 3u);
  EXPECT_EQ(r.headers[0].p_type, static_cast<Elf64_Word>(PT_NOTE));
  const std::string notes = out.substr(r.headers[0].p_offset, r.headers[0].p_filesz);
  EXPECT_THAT(notes, testing::StartsWith("note"));
  EXPECT_THAT(notes, HasSubstr(std::string("VMCOREINFO\0\0OSRELEASE=6.12.117\n", 31)));
  EXPECT_EQ(r.headers[1].p_vaddr, 0xffff000000000000);
  EXPECT_EQ(r.headers[1].p_paddr, ram);
  EXPECT_EQ(r.headers[1].p_memsz, memory.size());
  EXPECT_EQ(r.headers[2].p_vaddr, 0xffff800080000000);
  EXPECT_EQ(out[r.headers[2].p_offset], 'k');
  EXPECT_EQ(out.substr(4096, memory.size()), memory) << "holes read as zeros";
}

TEST_F(CompleteElf, TheKernelsOwnInfoStays) {
  const std::string own = "VMCOREINFO of its own";
  const auto r = headers_of(completed(core(own, "memory"), "OSRELEASE=6.12.117\n"));
  EXPECT_EQ(r.headers[0].p_filesz, own.size());
  EXPECT_EQ(r.headers[0].p_offset, 4096u + 6);
}

TEST_F(CompleteElf, WhatIsNoCoreIsAnError) {
  EXPECT_THAT(completed(core("n", "m", EM_X86_64), "i"), HasSubstr("no ELF core of arm64"));
  EXPECT_THAT(completed("KDUMP   " + std::string(100, 'x'), "i"), HasSubstr("no ELF core of arm64"));
  EXPECT_THAT(completed("short", "i"), HasSubstr("it is cut off"));
  std::string many = core("n", "m");
  many[offsetof(Elf64_Ehdr, e_phnum) + 1] = '\x7f';
  EXPECT_THAT(completed(many, "i"), HasSubstr("program headers of 56 bytes"));
  std::string huge = core("n", "m");
  std::memset(&huge[sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, p_filesz)], 0x7f, 8);
  EXPECT_THAT(completed(huge, "i"), HasSubstr("bytes of notes"));
}

}  // namespace
}  // namespace pinrig::vm
