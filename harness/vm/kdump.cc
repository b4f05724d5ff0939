// SPDX-License-Identifier: GPL-2.0
#include "vm/kdump.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <utility>

#include "base/text.h"
#include "base/unique_fd.h"
#include "vm/core_file.h"

namespace pinrig::vm {
namespace {

// makedumpfile's flattened form: a header of a page, then records of two big-endian numbers and their data.
constexpr std::string_view flattened_mark = "makedumpfile";
constexpr off_t flattened_header = 4096;
constexpr std::int64_t largest_record = std::int64_t{1} << 30;
// struct disk_dump_header and kdump_sub_header of makedumpfile's diskdump_mod.h.
constexpr std::string_view kdump_mark = "KDUMP   ";
constexpr off_t utsname_at = 12, block_size_at = 428, note_offset_in_sub = 48;
constexpr std::size_t utsname_word = 65;

std::int64_t big_endian(const unsigned char* bytes) {
  std::uint64_t out = 0;
  for (int i = 0; i < 8; ++i) out = out << 8 | bytes[i];
  return static_cast<std::int64_t>(out);
}

}  // namespace

std::string address_of(std::string_view system_map, std::string_view symbol) {
  for (const auto line : lines(system_map)) {
    if (line.size() > 19 && line.substr(19) == symbol) return std::string(line.substr(0, 16));
  }
  return {};
}

std::optional<std::uint64_t> number_of(std::string_view system_map, std::string_view symbol) {
  const std::string digits = address_of(system_map, symbol);
  std::uint64_t out = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), out, 16);
  return parsed.ec == std::errc() ? std::optional(out) : std::nullopt;
}

void take_config(KernelFacts& facts, std::string_view config) {
  constexpr std::string_view bits = "CONFIG_ARM64_VA_BITS=";
  for (const auto line : lines(config)) {
    if (line.starts_with(bits))
      std::from_chars(line.data() + bits.size(), line.data() + line.size(), facts.va_bits);
    if (line == "CONFIG_ARM64_16K_PAGES=y") facts.page_size = 16384;
    if (line == "CONFIG_ARM64_64K_PAGES=y") facts.page_size = 65536;
  }
}

std::string vmcoreinfo(const KernelFacts& f, std::string_view system_map) {
  const bool x86 = f.arch == model::Arch::x86_64;
  const std::string tables = address_of(system_map, x86 ? "init_top_pgt" : "swapper_pg_dir");
  const std::string text = address_of(system_map, "_stext"), sections = address_of(system_map, "mem_section");
  const std::string names = address_of(system_map, "init_uts_ns");
  if (tables.empty() || text.empty() || sections.empty() || names.empty() || f.release.empty()) return {};
  std::string out = fmt::format(
      "OSRELEASE={}\nPAGESIZE={}\nSYMBOL(init_uts_ns)={}\nSYMBOL(swapper_pg_dir)={}\nSYMBOL(_stext)={}\n"
      "SYMBOL(mem_section)={}\nLENGTH(mem_section)=2048\nKERNELOFFSET=0\n",
      f.release, f.page_size, names, tables, text, sections);
  if (x86)
    return out + fmt::format("NUMBER(phys_base)=0\nSYMBOL(init_top_pgt)={}\nNUMBER(pgtable_l5_enabled)={}\n",
                             tables, f.five_levels ? 1 : 0);
  return out + fmt::format(
                   "NUMBER(VA_BITS)={}\nNUMBER(TCR_EL1_T1SZ)=0x{:x}\nNUMBER(kimage_voffset)=0x{:x}\n"
                   "NUMBER(PHYS_OFFSET)=0x{:x}\n",
                   f.va_bits, 64 - f.va_bits, f.kimage_voffset, f.memstart_addr);
}

Result<void> unflatten(const fs::path& from, const fs::path& to) {
  const UniqueFd in(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
  if (!in) return errno_error("opening " + from.string(), errno);
  std::array<char, flattened_mark.size()> mark{};
  PINRIG_CHECK(read_at(in.get(), mark.data(), mark.size(), 0, from));
  if (std::string_view(mark.data(), mark.size()) != flattened_mark) return damaged(from, "no flattened dump");
  const UniqueFd out(::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!out) return errno_error("creating " + to.string(), errno);
  std::string data;
  for (off_t at = flattened_header;;) {
    std::array<unsigned char, 16> record{};
    PINRIG_CHECK(read_at(in.get(), record.data(), record.size(), at, from));
    const auto offset = big_endian(record.data()), size = big_endian(record.data() + 8);
    if (offset < 0) return {};
    if (size < 0 || size > largest_record) return damaged(from, fmt::format("a record of {} bytes", size));
    data.resize(static_cast<std::size_t>(size));
    PINRIG_CHECK(read_at(in.get(), data.data(), data.size(), at + 16, from));
    PINRIG_CHECK(write_at(out.get(), data, offset, to));
    at += 16 + size;
  }
}

Result<void> complete_kdump(const fs::path& file, const std::string& release, const std::string& info) {
  const UniqueFd fd(::open(file.c_str(), O_RDWR | O_CLOEXEC));
  if (!fd) return errno_error("opening " + file.string(), errno);
  std::array<char, kdump_mark.size()> mark{};
  PINRIG_CHECK(read_at(fd.get(), mark.data(), mark.size(), 0, file));
  std::int32_t block = 0;
  PINRIG_CHECK(read_at(fd.get(), &block, sizeof block, block_size_at, file));
  if (std::string_view(mark.data(), mark.size()) != kdump_mark || block < 512 || block > (1 << 20))
    return damaged(file, "no kdump file");
  const std::array<std::string, 4> names{"Linux", "pinrig", release.substr(0, utsname_word - 1), "#1"};
  for (std::size_t i = 0; i < names.size() && !release.empty(); ++i)
    PINRIG_CHECK(
        write_at(fd.get(), names[i] + '\0', utsname_at + static_cast<off_t>(i * utsname_word), file));
  std::array<std::uint64_t, 2> place{};  // of the notes, and their size
  PINRIG_CHECK(read_at(fd.get(), place.data(), sizeof place, block + note_offset_in_sub, file));
  if (place[1] > largest_notes) return damaged(file, fmt::format("{} bytes of notes", place[1]));
  std::string notes(place[1], '\0');
  PINRIG_CHECK(read_at(fd.get(), notes.data(), notes.size(), static_cast<off_t>(place[0]), file));
  if (info.empty() || has_info(notes)) return {};
  // At the end, where there is room for one more.
  const off_t end = ::lseek(fd.get(), 0, SEEK_END);
  if (end < 0) return errno_error("seeking in " + file.string(), errno);
  notes += info_note(info);
  PINRIG_CHECK(write_at(fd.get(), notes, end, file));
  const auto where = bytes_of(static_cast<std::uint64_t>(end)) + bytes_of(std::uint64_t{notes.size()});
  return write_at(fd.get(), where, block + note_offset_in_sub, file);
}

}  // namespace pinrig::vm
