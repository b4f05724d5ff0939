// SPDX-License-Identifier: GPL-2.0
// Huge pages and swap.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <unistd.h>

#include <algorithm>
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

// How many huge pages can be reserved without killing the guest: PID 1 reserves them, and if the OOM killer
// finds no victim the kernel panics.
std::int64_t max_hugepages() {
  Counters counters;
  add_meminfo(read_file("/proc/meminfo"), counters);
  const std::int64_t size_kib = counters["Hugepagesize"];
  if (size_kib <= 0) return 0;
  const std::int64_t available_kib = counters["MemAvailable"];
  const std::int64_t kept_kib = std::max<std::int64_t>(64 * 1024, available_kib / 10);
  return counters["HugePages_Total"] + std::max<std::int64_t>(0, available_kib - kept_kib) / size_kib;
}

std::string write_swap(int fd, const std::string& path, int mib) {
  const off_t size = static_cast<off_t>(mib) << 20;
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  if (const int error = allocate(fd, size)) return errno_text("swap: allocating " + path, error);
  const std::string header =
      swap_header(page, static_cast<std::uint32_t>(static_cast<std::size_t>(size) / page));
  if (pwrite(fd, header.data(), header.size(), 0) != static_cast<ssize_t>(header.size()) || fsync(fd) != 0)
    return errno_text("swap: writing " + path, errno);
  if (swapon(path.c_str(), 0) != 0) return errno_text("swap: swapon " + path, errno);
  return {};
}

}  // namespace

std::string add_swap(const std::string& folder, int mib) {
  const std::string path = folder + "/.pinrig-swap";
  const UniqueFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd) return errno_text("swap: creating " + path, errno);
  std::string problem = write_swap(fd.get(), path, mib);
  if (!problem.empty()) unlink(path.c_str());
  return problem;
}

std::string reserve_hugepages(int pages) {
  const std::string control = "/proc/sys/vm/nr_hugepages";
  std::string got = "0";
  // A guest just booted has room enough; one that ran tests may first have to make some.
  for (const bool make_room : {false, true}) {
    if (make_room) {
      write_file("/proc/sys/vm/drop_caches", "3");
      write_file("/proc/sys/vm/compact_memory", "1");
    }
    const std::int64_t possible = std::min<std::int64_t>(pages, max_hugepages());
    if (const int error = write_file(control, std::to_string(possible)))
      return errno_text("huge pages: " + control, error);
    got = read_attribute(control);
    if (parse_int(got).value_or(0) >= pages) break;
  }
  if (parse_int(got).value_or(0) < pages)
    return "huge pages: " + std::to_string(pages) + " wanted, " + got +
           " reserved: the guest needs more memory";
  make_directories("/dev/hugepages");
  mount("hugetlbfs", "/dev/hugepages", "hugetlbfs", 0, nullptr);
  return {};
}

}  // namespace pinrig::agent
