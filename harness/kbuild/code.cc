// SPDX-License-Identifier: GPL-2.0
#include "kbuild/code.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gelf.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/unique_fd.h"

namespace pinrig::kbuild {
namespace {

using ElfFile = std::unique_ptr<Elf, decltype(&elf_end)>;

/// Code that is linked into another image than vmlinux. For x86: arch/x86/Makefile (bzImage), and
/// arch/x86/boot/compressed/Makefile, which takes libstub's lib.a. arm64 links that into vmlinux
/// (libs-$(CONFIG_EFI_STUB) in arch/arm64/Makefile), without zboot.c (CONFIG_EFI_ZBOOT, Makefile.zboot).
struct Loader {
  model::Arch arch;
  std::string_view prefix;
  std::string_view image;
};
constexpr Loader kLoaders[] = {
    {model::Arch::x86_64, "arch/x86/boot/", "bzImage"},
    {model::Arch::x86_64, "drivers/firmware/efi/libstub/", "bzImage"},
    {model::Arch::aarch64, "drivers/firmware/efi/libstub/zboot", "vmlinuz.efi"},
};

/// Files there that vmlinux contains too: in the blobs of arch/x86/realmode/rm and arch/x86/purgatory, and
/// what runs before the page tables are complete (arch/x86/boot/startup since 6.16).
constexpr std::string_view kAlsoInVmlinux[] = {
    "arch/x86/boot/startup/",           "arch/x86/boot/video",  "arch/x86/boot/regs.c",
    "arch/x86/boot/bioscall.S",         "arch/x86/boot/copy.S", "arch/x86/boot/string.c",
    "arch/x86/boot/compressed/string.c"};

Error no_elf(const fs::path& file, const std::string& why) {
  return make_error(ErrorKind::bad_input, fmt::format("{} cannot be read as ELF: {}", file.string(), why));
}

Error no_elf(const fs::path& file) { return no_elf(file, elf_errmsg(-1)); }

/// Overwrites the build ID among the notes of a section.
void forget_build_id(Elf_Data* data, std::string& notes) {
  GElf_Nhdr head;
  std::size_t name = 0;
  std::size_t desc = 0;
  for (std::size_t at = 0; (at = gelf_getnote(data, at, &head, &name, &desc)) > 0;) {
    const bool gnu = head.n_namesz == sizeof ELF_NOTE_GNU &&
                     std::memcmp(notes.data() + name, ELF_NOTE_GNU, sizeof ELF_NOTE_GNU) == 0;
    if (gnu && head.n_type == NT_GNU_BUILD_ID)
      std::fill_n(notes.begin() + static_cast<std::ptrdiff_t>(desc), head.n_descsz, '\0');
  }
}

/// The bytes of a section as they are in the file.
Result<std::string> content_of(const fs::path& file, Elf_Scn* section, const GElf_Shdr& header) {
  Elf_Data* raw = elf_rawdata(section, nullptr);
  if (raw == nullptr) return no_elf(file);
  if (raw->d_buf == nullptr) return std::string();
  std::string content(static_cast<const char*>(raw->d_buf), raw->d_size);
  if (header.sh_type != SHT_NOTE) return content;
  Elf_Data* notes = elf_getdata(section, nullptr);
  if (notes == nullptr) return no_elf(file);
  forget_build_id(notes, content);
  return content;
}

/// Programs by their code, scripts and data by their bytes.
Result<std::string> hash_of_file(const fs::path& file) {
  auto code = hash_of_code(file);
  if (code.has_value() || code.error().kind != ErrorKind::bad_input) return code;
  return sha256_file(file);
}

}  // namespace

Result<std::string> hash_of_code(const fs::path& file) {
  elf_version(EV_CURRENT);
  UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return errno_error("opening " + file.string(), errno);
  const ElfFile elf(elf_begin(fd.get(), ELF_C_READ_MMAP, nullptr), &elf_end);
  if (!elf) return no_elf(file);
  if (elf_kind(elf.get()) != ELF_K_ELF) return no_elf(file, "it does not begin as one");
  Sha256 hash;
  Elf_Scn* section = elf_nextscn(elf.get(), nullptr);
  if (section == nullptr) return no_elf(file, "it has no sections, or ends before them");
  for (; section != nullptr; section = elf_nextscn(elf.get(), section)) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr) return no_elf(file);
    if ((header.sh_flags & SHF_ALLOC) == 0) continue;
    hash.field(
        fmt::format("{} {:x} {:x} {}", header.sh_type, header.sh_flags, header.sh_addr, header.sh_size));
    if (header.sh_type == SHT_NOBITS) continue;
    PINRIG_TRY(content, content_of(file, section, header));
    hash.bytes(content);
  }
  return hash.hex();
}

Result<std::string> code_of(const Artifact& a) {
  Sha256 hash;
  PINRIG_TRY(kernel, hash_of_code(a.vmlinux));
  PINRIG_TRY(config, sha256_file(a.config));
  hash.field(kernel).field(config);
  std::vector<fs::path> programs;
  std::error_code ec;
  for (fs::recursive_directory_iterator it(a.selftests, ec), end; !ec && it != end; it.increment(ec)) {
    if (it->is_regular_file(ec)) programs.push_back(it->path());
  }
  std::sort(programs.begin(), programs.end());
  for (const auto& program : programs) {
    PINRIG_TRY(one, hash_of_file(program));
    hash.field(program.lexically_relative(a.selftests).string()).field(one);
  }
  return hash.hex();
}

std::string outside_vmlinux(model::Arch arch, const std::string& path) {
  const bool code = path.ends_with(".c") || path.ends_with(".S");
  const auto begins = [&](std::string_view prefix) { return path.starts_with(prefix); };
  if (!code || std::any_of(std::begin(kAlsoInVmlinux), std::end(kAlsoInVmlinux), begins)) return {};
  for (const auto& loader : kLoaders) {
    if (loader.arch == arch && begins(loader.prefix))
      return fmt::format("only {} contains it, and guests boot vmlinux: neither built nor tested",
                         loader.image);
  }
  return {};
}

}  // namespace pinrig::kbuild
