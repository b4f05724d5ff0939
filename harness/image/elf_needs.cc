// SPDX-License-Identifier: GPL-2.0
#include "image/elf_needs.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gelf.h>

#include <cerrno>
#include <memory>

#include "base/text.h"
#include "base/unique_fd.h"

namespace pinrig::image {
namespace {

using Handle = std::unique_ptr<Elf, decltype(&elf_end)>;

Error broken(const fs::path& file) {
  return make_error(ErrorKind::bad_input,
                    fmt::format("{} cannot be read as ELF: {}", file.string(), elf_errmsg(-1)));
}

std::string interpreter_of(Elf* elf) {
  std::size_t count = 0;
  elf_getphdrnum(elf, &count);
  for (std::size_t i = 0; i < count; ++i) {
    GElf_Phdr header;
    if (gelf_getphdr(elf, static_cast<int>(i), &header) == nullptr || header.p_type != PT_INTERP) continue;
    std::size_t size = 0;
    const char* raw = elf_rawfile(elf, &size);
    if (raw == nullptr || header.p_filesz == 0 || header.p_offset + header.p_filesz > size) return {};
    return std::string(raw + header.p_offset, header.p_filesz - 1);
  }
  return {};
}

void take_dynamic(Elf* elf, Elf_Scn* section, const GElf_Shdr& header, ElfNeeds& out) {
  Elf_Data* data = elf_getdata(section, nullptr);
  if (data == nullptr || header.sh_entsize == 0) return;
  for (int i = 0; i < static_cast<int>(header.sh_size / header.sh_entsize); ++i) {
    GElf_Dyn entry;
    if (gelf_getdyn(data, i, &entry) == nullptr) return;
    const char* text = elf_strptr(elf, header.sh_link, entry.d_un.d_val);
    if (text == nullptr) continue;
    if (entry.d_tag == DT_NEEDED) out.libraries.emplace_back(text);
    if (entry.d_tag != DT_RUNPATH && entry.d_tag != DT_RPATH) continue;
    for (std::string& folder : split(text, ':')) out.folders.push_back(std::move(folder));
  }
}

}  // namespace

Result<std::optional<ElfNeeds>> elf_needs(const fs::path& file) {
  elf_version(EV_CURRENT);
  UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return errno_error("opening " + file.string(), errno);
  const Handle elf(elf_begin(fd.get(), ELF_C_READ, nullptr), &elf_end);
  if (!elf) return broken(file);
  if (elf_kind(elf.get()) != ELF_K_ELF) return std::optional<ElfNeeds>();
  ElfNeeds out;
  out.interpreter = interpreter_of(elf.get());
  for (Elf_Scn* s = elf_nextscn(elf.get(), nullptr); s != nullptr; s = elf_nextscn(elf.get(), s)) {
    GElf_Shdr header;
    if (gelf_getshdr(s, &header) == nullptr) return broken(file);
    if (header.sh_type == SHT_DYNAMIC) take_dynamic(elf.get(), s, header, out);
  }
  return std::optional<ElfNeeds>(std::move(out));
}

}  // namespace pinrig::image
