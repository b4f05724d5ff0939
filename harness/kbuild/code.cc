// SPDX-License-Identifier: GPL-2.0
#include "kbuild/code.h"

#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <vector>

#include "base/hash.h"

namespace pinrig::kbuild {
namespace {

/// A section larger than this is a damaged header, not a kernel.
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 32;

/// Reads a file at the places that its headers name.
class Elf {
 public:
  explicit Elf(const fs::path& file) : file_(file), in_(file, std::ios::binary) {}

  Result<std::vector<Elf64_Shdr>> sections() {
    Elf64_Ehdr head = {};
    const bool ok = read(0, &head, sizeof head) && std::memcmp(head.e_ident, ELFMAG, SELFMAG) == 0 &&
                    head.e_ident[EI_CLASS] == ELFCLASS64 && head.e_ident[EI_DATA] == ELFDATA2LSB &&
                    head.e_shentsize == sizeof(Elf64_Shdr) && head.e_shnum > 0;
    if (!ok) return broken("not a 64-bit little-endian ELF file with sections");
    std::vector<Elf64_Shdr> all(head.e_shnum);
    if (!read(head.e_shoff, all.data(), all.size() * sizeof(Elf64_Shdr)))
      return broken("it ends in its headers");
    return all;
  }

  Result<std::string> content(const Elf64_Shdr& section) {
    if (section.sh_size > kMostBytes) return broken("a section of impossible size");
    std::string text(section.sh_size, '\0');
    if (!read(section.sh_offset, text.data(), text.size())) return broken("it ends in a section");
    return text;
  }

 private:
  bool read(std::uint64_t at, void* to, std::size_t size) {
    in_.clear();
    in_.seekg(static_cast<std::streamoff>(at));
    in_.read(static_cast<char*>(to), static_cast<std::streamsize>(size));
    return in_.good();
  }
  Error broken(const char* why) const {
    return make_error(ErrorKind::bad_input, fmt::format("{}: {}", file_.string(), why));
  }

  fs::path file_;
  std::ifstream in_;
};

/// Overwrites the build ID among the notes of a section.
void forget_build_id(std::string& notes) {
  const auto aligned = [](std::size_t n) { return (n + 3) & ~std::size_t{3}; };
  for (std::size_t at = 0; at + sizeof(Elf64_Nhdr) <= notes.size();) {
    Elf64_Nhdr head;
    std::memcpy(&head, notes.data() + at, sizeof head);
    const std::size_t name = at + sizeof head;
    const std::size_t desc = name + aligned(head.n_namesz);
    if (desc + head.n_descsz > notes.size()) return;
    const bool gnu = head.n_namesz == sizeof ELF_NOTE_GNU &&
                     std::memcmp(notes.data() + name, ELF_NOTE_GNU, sizeof ELF_NOTE_GNU) == 0;
    if (gnu && head.n_type == NT_GNU_BUILD_ID)
      std::fill_n(notes.begin() + static_cast<std::ptrdiff_t>(desc), head.n_descsz, '\0');
    at = desc + aligned(head.n_descsz);
  }
}

/// Programs by their code, scripts and data by their bytes.
Result<std::string> hash_of_file(const fs::path& file) {
  auto code = hash_of_code(file);
  if (code.has_value() || code.error().kind != ErrorKind::bad_input) return code;
  return sha256_file(file);
}

}  // namespace

Result<std::string> hash_of_code(const fs::path& file) {
  Elf elf(file);
  PINRIG_TRY(sections, elf.sections());
  Sha256 hash;
  for (const auto& s : sections) {
    if ((s.sh_flags & SHF_ALLOC) == 0) continue;
    hash.field(fmt::format("{} {:x} {:x} {}", s.sh_type, s.sh_flags, s.sh_addr, s.sh_size));
    if (s.sh_type == SHT_NOBITS) continue;
    PINRIG_TRY(content, elf.content(s));
    if (s.sh_type == SHT_NOTE) forget_build_id(content);
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

}  // namespace pinrig::kbuild
