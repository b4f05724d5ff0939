// SPDX-License-Identifier: GPL-2.0
#include "vm/elf_core.h"

#include <elf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/unique_fd.h"
#include "vm/core_file.h"

namespace pinrig::vm {
namespace {

/// Freed as one: what file systems allocate, or a few of these.
constexpr std::size_t block_bytes = 64 << 10;
constexpr std::uint16_t most_headers = 4096;

Segment segment_of(const Elf64_Phdr& h) { return {h.p_offset, h.p_vaddr, h.p_paddr, h.p_filesz}; }

Elf64_Phdr header_of(const Segment& s) {
  Elf64_Phdr h = {};
  h.p_type = PT_LOAD;
  h.p_offset = s.offset;
  h.p_vaddr = s.virt;
  h.p_paddr = s.phys;
  h.p_filesz = h.p_memsz = s.size;
  return h;
}

Result<Elf64_Ehdr> read_header(int fd, const fs::path& file) {
  Elf64_Ehdr h = {};
  PINRIG_CHECK(read_at(fd, &h, sizeof h, 0, file));
  const bool elf = std::memcmp(h.e_ident, ELFMAG, SELFMAG) == 0 && h.e_ident[EI_CLASS] == ELFCLASS64 &&
                   h.e_ident[EI_DATA] == ELFDATA2LSB;
  if (!elf || h.e_type != ET_CORE || h.e_machine != EM_AARCH64) return damaged(file, "no ELF core of arm64");
  if (h.e_phentsize != sizeof(Elf64_Phdr) || h.e_phnum > most_headers)
    return damaged(file, fmt::format("{} program headers of {} bytes", h.e_phnum, h.e_phentsize));
  return h;
}

/// Reads and frees; a file system that cannot leave holes keeps the zeros.
Result<void> free_zeros(int fd, const fs::path& file) {
  const off_t end = ::lseek(fd, 0, SEEK_END);
  if (end < 0) return errno_error("seeking in " + file.string(), errno);
  std::string block(block_bytes, '\0');
  const std::string zeros(block_bytes, '\0');
  off_t from = 0;  // of the run of zeros that ends at `at`
  const auto punch = [&](off_t at) {
    return at == from || ::fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, from, at - from) == 0;
  };
  off_t at = 0;
  for (; at + off_t{block_bytes} <= end; at += block_bytes) {
    PINRIG_CHECK(read_at(fd, block.data(), block.size(), at, file));
    if (block == zeros) continue;
    if (!punch(at)) return {};
    from = at + off_t{block_bytes};
  }
  static_cast<void>(punch(at));
  return {};
}

}  // namespace

std::vector<Segment> mapped_segments(const std::vector<Segment>& physical, const KernelFacts& f,
                                     std::string_view system_map) {
  std::vector<Segment> out;
  const std::uint64_t linear = std::uint64_t{0} - (std::uint64_t{1} << f.va_bits);
  const auto text = number_of(system_map, "_text"), end = number_of(system_map, "_end");
  for (const auto& s : physical) {
    out.push_back({s.offset, linear + (s.phys - f.memstart_addr), s.phys, s.size});
    if (!text || !end || *end <= *text) continue;
    const std::uint64_t image = *text - f.kimage_voffset;
    const std::uint64_t first = std::max(image, s.phys);
    const std::uint64_t last = std::min(image + (*end - *text), s.phys + s.size);
    if (first < last)
      out.push_back({s.offset + (first - s.phys), first + f.kimage_voffset, first, last - first});
  }
  return out;
}

Result<void> complete_elf(const fs::path& file, const KernelFacts& facts, const std::string& info,
                          std::string_view system_map) {
  const UniqueFd fd(::open(file.c_str(), O_RDWR | O_CLOEXEC));
  if (!fd) return errno_error("opening " + file.string(), errno);
  PINRIG_TRY(header, read_header(fd.get(), file));
  std::vector<Elf64_Phdr> headers(header.e_phnum);
  PINRIG_CHECK(read_at(fd.get(), headers.data(), headers.size() * sizeof(Elf64_Phdr),
                       static_cast<off_t>(header.e_phoff), file));
  PINRIG_CHECK(free_zeros(fd.get(), file));
  off_t end = ::lseek(fd.get(), 0, SEEK_END);
  if (end < 0) return errno_error("seeking in " + file.string(), errno);
  std::string added;  // at the end of the file
  std::vector<Elf64_Phdr> others;
  std::vector<Segment> loads;
  for (auto h : headers) {
    if (h.p_type == PT_LOAD) {
      loads.push_back(segment_of(h));
      continue;
    }
    if (h.p_type == PT_NOTE && !info.empty() && added.empty()) {
      if (h.p_filesz > largest_notes) return damaged(file, fmt::format("{} bytes of notes", h.p_filesz));
      std::string notes(h.p_filesz, '\0');
      PINRIG_CHECK(read_at(fd.get(), notes.data(), notes.size(), static_cast<off_t>(h.p_offset), file));
      if (!has_info(notes)) {
        added = notes + info_note(info);
        h.p_offset = static_cast<Elf64_Off>(end);
        h.p_filesz = h.p_memsz = added.size();
      }
    }
    others.push_back(h);
  }
  const auto mapped = mapped_segments(loads, facts, system_map);
  header.e_phoff = static_cast<Elf64_Off>(end) + added.size();
  header.e_phnum = static_cast<Elf64_Half>(others.size() + mapped.size());
  for (const auto& h : others) added += bytes_of(h);
  for (const auto& s : mapped) added += bytes_of(header_of(s));
  PINRIG_CHECK(write_at(fd.get(), added, end, file));
  return write_at(fd.get(), bytes_of(header), 0, file);
}

}  // namespace pinrig::vm
