// SPDX-License-Identifier: GPL-2.0
#include "vm/core_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <bit>
#include <cerrno>

namespace pinrig::vm {
namespace {

static_assert(std::endian::native == std::endian::little, "QEMU writes a dump in the guest's order");

constexpr std::string_view info_name = "VMCOREINFO";

}  // namespace

Error damaged(const fs::path& file, const std::string& what) {
  return make_error(ErrorKind::bad_input, fmt::format("{}: {}", file.string(), what));
}

Result<void> read_at(int fd, void* to, std::size_t size, off_t at, const fs::path& file) {
  for (std::size_t done = 0; done < size;) {
    const auto n = ::pread(fd, static_cast<char*>(to) + done, size - done, at + static_cast<off_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error("reading " + file.string(), errno);
    if (n == 0) return damaged(file, "it is cut off");
    done += static_cast<std::size_t>(n);
  }
  return {};
}

Result<void> write_at(int fd, std::string_view bytes, off_t at, const fs::path& file) {
  for (std::size_t done = 0; done < bytes.size();) {
    const auto n = ::pwrite(fd, bytes.data() + done, bytes.size() - done, at + static_cast<off_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error("writing " + file.string(), errno);
    done += static_cast<std::size_t>(n);
  }
  return {};
}

std::string info_note(const std::string& info) {
  const auto padded = [](std::string s) {
    s.resize((s.size() + 3) / 4 * 4, '\0');
    return s;
  };
  const std::string name = std::string(info_name) + '\0';
  return bytes_of(static_cast<std::uint32_t>(name.size())) +
         bytes_of(static_cast<std::uint32_t>(info.size())) + bytes_of(std::uint32_t{0}) + padded(name) +
         padded(info);
}

bool has_info(std::string_view notes) { return notes.find(info_name) != std::string_view::npos; }

}  // namespace pinrig::vm
