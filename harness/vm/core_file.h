// SPDX-License-Identifier: GPL-2.0
// Reading and changing a dump in place, and its notes. Private to the module.
#pragma once

#include <cstring>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"

namespace pinrig::vm {

/// More than any guest's: QEMU writes a few notes for each CPU.
inline constexpr std::uint64_t largest_notes = 16 << 20;

/// bad_input: the file is not what it should be.
Error damaged(const fs::path& file, const std::string& what);

/// All of `size` bytes; damaged() when the file ends before.
Result<void> read_at(int fd, void* to, std::size_t size, off_t at, const fs::path& file);
Result<void> write_at(int fd, std::string_view bytes, off_t at, const fs::path& file);

/// As it is in memory: both architectures are little-endian.
template <typename T>
std::string bytes_of(T value) {
  std::string out(sizeof value, '\0');
  std::memcpy(out.data(), &value, sizeof value);
  return out;
}

/// An ELF note with the text of a VMCOREINFO; the kernel's has type 0.
std::string info_note(const std::string& info);
/// Whether notes have one, from the kernel itself.
bool has_info(std::string_view notes);

}  // namespace pinrig::vm
