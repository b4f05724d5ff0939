// SPDX-License-Identifier: GPL-2.0
#include "sys.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "console/console.h"

namespace pinrig::agent {
namespace {

int kmsg_fd = -1;
constexpr std::size_t longest_kmsg = 900;  // PRINTKRB_RECORD_MAX is 1024: more is refused

// Not by the vDSO: to map its page takes longer than all the agent's calls save, and every boot would wait
// for that.
double clock_ms(clockid_t clock) {
  timespec t{};
  syscall(SYS_clock_gettime, clock, &t);
  return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) / 1e6;
}

}  // namespace

double monotonic_ms() { return clock_ms(CLOCK_MONOTONIC); }

double uptime_ms() { return clock_ms(CLOCK_BOOTTIME); }

std::string errno_text(const std::string& what, int error) { return what + ": " + std::strerror(error); }

bool reread(int fd, std::string& buffer) {
  constexpr std::size_t step = 16384;
  std::size_t size = 0;
  for (;;) {
    buffer.resize(size + step);
    const ssize_t n = pread(fd, buffer.data() + size, step, static_cast<off_t>(size));
    if (n < 0 && errno == EINTR) continue;
    buffer.resize(size + static_cast<std::size_t>(n > 0 ? n : 0));
    if (n <= 0) return n == 0;
    size += static_cast<std::size_t>(n);
  }
}

std::string read_file(const std::string& path) {
  std::string text;
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd) reread(fd.get(), text);
  return text;
}

std::string read_attribute(const std::string& path) {
  constexpr const char* blanks = " \t\r\n";
  const std::string text = read_file(path);
  const auto begin = text.find_first_not_of(blanks);
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

int write_file(const std::string& path, std::string_view text) {
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd) return errno;
  return write(fd.get(), text.data(), text.size()) < 0 ? errno : 0;
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

int make_directories(const std::string& path) {
  for (std::size_t at = 1; at != std::string::npos;) {
    at = path.find('/', at);
    const std::string part = path.substr(0, at);
    if (mkdir(part.c_str(), 0755) != 0 && errno != EEXIST) return errno;
    if (at != std::string::npos) ++at;
  }
  return 0;
}

void open_kmsg() { kmsg_fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC); }

void kmsg(std::string_view mark, std::string_view text) {
  if (kmsg_fd < 0) return;
  char line[longest_kmsg] = "<5>";
  std::size_t size = 3;
  for (const auto part : {mark, text}) {
    for (const char c : part.substr(0, sizeof line - 1 - size))
      line[size++] = c == '\n' || c == '\r' ? ' ' : c;
  }
  line[size++] = '\n';
  write_all(kmsg_fd, {line, size});
}

void note(std::string_view text) { kmsg(console::agent_mark, text); }

}  // namespace pinrig::agent
