// SPDX-License-Identifier: GPL-2.0
#include "kbuild/code.h"

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

namespace pinrig::kbuild {
namespace {

using ::testing::HasSubstr;

struct Section {
  std::uint32_t type;
  std::uint64_t flags;
  std::string content;
};

/// A note "GNU" of this type.
std::string note(std::uint32_t type, const std::string& desc) {
  const Elf64_Nhdr head{4, static_cast<Elf64_Word>(desc.size()), type};
  return std::string(reinterpret_cast<const char*>(&head), sizeof head) + std::string("GNU\0", 4) + desc;
}

/// The first section of a file is none (SHN_UNDEF).
std::string elf_of(std::vector<Section> sections) {
  sections.insert(sections.begin(), Section{SHT_NULL, 0, ""});
  Elf64_Ehdr head = {};
  std::memcpy(head.e_ident, ELFMAG, SELFMAG);
  head.e_ident[EI_CLASS] = ELFCLASS64;
  head.e_ident[EI_DATA] = ELFDATA2LSB;
  head.e_ident[EI_VERSION] = EV_CURRENT;
  head.e_version = EV_CURRENT;
  head.e_ehsize = sizeof head;
  head.e_shentsize = sizeof(Elf64_Shdr);
  head.e_shnum = static_cast<Elf64_Half>(sections.size());
  std::string body;
  std::string table;
  for (const auto& s : sections) {
    Elf64_Shdr h = {};
    h.sh_type = s.type;
    h.sh_flags = s.flags;
    h.sh_offset = sizeof head + body.size();
    h.sh_size = s.content.size();
    table.append(reinterpret_cast<const char*>(&h), sizeof h);
    body += s.content;
  }
  head.e_shoff = sizeof head + body.size();
  return std::string(reinterpret_cast<const char*>(&head), sizeof head) + body + table;
}

class Code : public ::testing::Test {
 protected:
  std::string hash(const std::vector<Section>& sections) { return write(elf_of(sections)).value(); }
  Result<std::string> write(const std::string& bytes) {
    const auto file = dir_.path() / "vmlinux";
    EXPECT_TRUE(write_file_atomic(file, bytes).has_value());
    return hash_of_code(file);
  }
  const TempDir dir_ = std::move(TempDir::create(fs::temp_directory_path(), "kbuild-test")).value();
};

TEST_F(Code, IsWhatIsLoadedNotDebugInformation) {
  const Section text{SHT_PROGBITS, SHF_ALLOC, "code"};
  const auto plain = hash({text, {SHT_PROGBITS, 0, "debug one"}});
  EXPECT_EQ(plain, hash({text, {SHT_PROGBITS, 0, "debug two, longer"}}));
  EXPECT_NE(plain, hash({{SHT_PROGBITS, SHF_ALLOC, "codf"}, {SHT_PROGBITS, 0, "debug one"}}));
  EXPECT_NE(plain, hash({text, {SHT_PROGBITS, SHF_ALLOC, "more"}}));
}

TEST_F(Code, IsTheSameUnderAnotherBuildId) {
  const auto with = [&](const std::string& id, const std::string& other) {
    return hash({{SHT_NOTE, SHF_ALLOC, note(1, other) + note(NT_GNU_BUILD_ID, id)}});
  };
  EXPECT_EQ(with("aaaaaaaa", "salt"), with("bbbbbbbb", "salt"));
  EXPECT_NE(with("aaaaaaaa", "salt"), with("aaaaaaaa", "malt")) << "other notes count";
}

TEST_F(Code, OfWhatIsNoElfFileIsAnError) {
  const auto whole = elf_of({{SHT_PROGBITS, SHF_ALLOC, "code"}});
  const auto sectionless = whole.substr(0, sizeof(Elf64_Ehdr));
  for (const auto& text : {std::string(), std::string("#!/bin/sh\n"), whole.substr(0, 8), sectionless,
                           whole.substr(0, whole.size() - 8)}) {
    const auto none = write(text);
    ASSERT_TRUE(none.has_error()) << text.size();
    EXPECT_EQ(none.error().kind, ErrorKind::bad_input);
    EXPECT_THAT(none.error().message, HasSubstr("vmlinux cannot be read as ELF: "));
  }
}

TEST(OutsideVmlinux, IsTheCodeOfALoader) {
  using model::Arch;
  for (const char* file : {"arch/x86/boot/main.c", "arch/x86/boot/header.S",
                           "arch/x86/boot/compressed/misc.c", "drivers/firmware/efi/libstub/x86-stub.c"}) {
    EXPECT_EQ(outside_vmlinux(Arch::x86_64, file),
              "only bzImage contains it, and guests boot vmlinux: neither built nor tested")
        << file;
    EXPECT_EQ(outside_vmlinux(Arch::aarch64, file), "") << file;
  }
  EXPECT_THAT(outside_vmlinux(Arch::aarch64, "drivers/firmware/efi/libstub/zboot.c"),
              HasSubstr("only vmlinuz.efi contains it"));
}

TEST(OutsideVmlinux, IsNothingThatVmlinuxContains) {
  using model::Arch;
  // The stub of arm64 is linked into vmlinux; the blobs for suspend and kexec of x86 share files with the
  // loader; headers and makefiles reach whatever includes them.
  EXPECT_EQ(outside_vmlinux(Arch::aarch64, "drivers/firmware/efi/libstub/arm64-stub.c"), "");
  for (const char* file :
       {"mm/gup.c", "arch/x86/mm/gup.c", "arch/x86/boot/video-vga.c", "arch/x86/boot/compressed/string.c",
        "arch/x86/boot/startup/map_kernel.c", "arch/x86/boot/boot.h", "arch/x86/boot/Makefile"})
    EXPECT_EQ(outside_vmlinux(Arch::x86_64, file), "") << file;
}

TEST_F(Code, OfAnArtifactCountsItsConfigurationAndSelftests) {
  Artifact a;
  a.vmlinux = dir_.path() / "vmlinux";
  a.config = dir_.path() / "config";
  a.selftests = dir_.path() / "selftests";
  fs::create_directory(a.selftests);
  hash({{SHT_PROGBITS, SHF_ALLOC, "code"}});
  const auto code = [&](const std::string& config, const std::string& script) {
    EXPECT_TRUE(write_file_atomic(a.config, config).has_value());
    EXPECT_TRUE(write_file_atomic(a.selftests / "run.sh", script).has_value());
    return code_of(a).value();
  };
  const auto one = code("CONFIG_A=y\n", "true\n");
  EXPECT_EQ(one, code("CONFIG_A=y\n", "true\n"));
  EXPECT_NE(one, code("CONFIG_A=n\n", "true\n"));
  EXPECT_NE(one, code("CONFIG_A=y\n", "false\n"));
}

}  // namespace
}  // namespace pinrig::kbuild
