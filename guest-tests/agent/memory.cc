// SPDX-License-Identifier: GPL-2.0
// Huge pages and swap.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <unistd.h>

#include <cerrno>

#include "counters.h"
#include "devices.h"
#include "swap_header.h"
#include "sys.h"

namespace pinrig::agent {
namespace {

// Real blocks: swapon refuses holes, and not every file system can allocate without writing.
int allocate(int fd, off_t size) {
  if (fallocate(fd, 0, 0, size) == 0) return 0;
  const std::string zeroes(1 << 20, '\0');
  for (off_t at = 0; at < size; at += static_cast<off_t>(zeroes.size())) {
    if (!write_all(fd, zeroes)) return errno;
  }
  return 0;
}

}  // namespace

std::string add_swap(const std::string& folder, int mib) {
  const std::string path = folder + "/.pinrig-swap";
  const off_t size = static_cast<off_t>(mib) << 20;
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const UniqueFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd) return errno_text("swap: creating " + path, errno);
  if (const int error = allocate(fd.get(), size)) return errno_text("swap: allocating " + path, error);
  const std::string header =
      swap_header(page, static_cast<std::uint32_t>(static_cast<std::size_t>(size) / page));
  if (pwrite(fd.get(), header.data(), header.size(), 0) != static_cast<ssize_t>(header.size()) ||
      fsync(fd.get()) != 0)
    return errno_text("swap: writing " + path, errno);
  if (swapon(path.c_str(), 0) != 0) return errno_text("swap: swapon " + path, errno);
  return {};
}

std::string reserve_hugepages(int pages) {
  const std::string control = "/proc/sys/vm/nr_hugepages";
  write_file("/proc/sys/vm/drop_caches", "3");
  write_file("/proc/sys/vm/compact_memory", "1");
  if (const int error = write_file(control, std::to_string(pages)))
    return errno_text("huge pages: " + control, error);
  const std::string got = read_attribute(control);
  if (parse_int(got).value_or(0) < pages)
    return "huge pages: " + std::to_string(pages) + " wanted, " + got +
           " reserved: the guest needs more memory";
  make_directories("/dev/hugepages");
  mount("hugetlbfs", "/dev/hugepages", "hugetlbfs", 0, nullptr);
  return {};
}

}  // namespace pinrig::agent
