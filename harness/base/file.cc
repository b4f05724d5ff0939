// SPDX-License-Identifier: GPL-2.0
#include "base/file.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

namespace pinrig {
namespace {

Result<UniqueFd> open_lock(const fs::path& path) {
  PINRIG_CHECK(make_dirs(path.parent_path()));
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!fd) return errno_error("opening lock " + path.string(), errno);
  return fd;
}

}  // namespace

Result<void> write_all(int fd, std::string_view data, const fs::path& path) {
  while (!data.empty()) {
    const auto n = ::write(fd, data.data(), data.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error("writing " + path.string(), errno);
    data.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Result<std::string> read_file(const fs::path& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) {
    Error e = errno_error("opening " + path.string(), errno);
    e.kind = ErrorKind::bad_input;
    return e;
  }
  std::string out;
  struct stat st = {};
  if (::fstat(fd.get(), &st) == 0 && st.st_size > 0) out.reserve(static_cast<std::size_t>(st.st_size) + 1);
  char buf[65536];
  for (;;) {
    const auto n = ::read(fd.get(), buf, sizeof buf);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      Error e = errno_error("reading " + path.string(), errno);
      if (errno == EISDIR) e.kind = ErrorKind::bad_input;  // open(2) takes directories, read(2) does not
      return e;
    }
    if (n == 0) return out;
    out.append(buf, static_cast<std::size_t>(n));
  }
}

Result<void> write_file_atomic(const fs::path& path, std::string_view data, int mode) {
  std::string temp = path.string() + ".XXXXXX";
  UniqueFd fd(::mkostemp(temp.data(), O_CLOEXEC));
  if (!fd) return errno_error("creating " + temp, errno);
  auto written = write_all(fd.get(), data, path);
  if (written.has_value() && ::fchmod(fd.get(), static_cast<mode_t>(mode)) != 0)
    written = errno_error("chmod " + temp, errno);
  if (written.has_value() && ::rename(temp.c_str(), path.c_str()) != 0)
    written = errno_error("renaming to " + path.string(), errno);
  if (written.has_error()) ::unlink(temp.c_str());
  return written;
}

Result<void> copy_sparse(const fs::path& from, const fs::path& to) {
  const UniqueFd in(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
  if (!in) return errno_error("opening " + from.string(), errno);
  const UniqueFd out(::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!out) return errno_error("creating " + to.string(), errno);
  const off_t size = ::lseek(in.get(), 0, SEEK_END);
  if (size < 0 || ::ftruncate(out.get(), size) != 0)
    return errno_error("making " + to.string() + " large", errno);
  for (off_t at = 0; at < size;) {
    at = ::lseek(in.get(), at, SEEK_DATA);
    if (at < 0 && errno == ENXIO) break;
    const off_t end = at < 0 ? at : ::lseek(in.get(), at, SEEK_HOLE);
    if (end < 0 || ::lseek(out.get(), at, SEEK_SET) < 0)
      return errno_error("looking for data in " + from.string(), errno);
    while (at < end) {
      const ssize_t n = ::sendfile(out.get(), in.get(), &at, static_cast<std::size_t>(end - at));
      if (n <= 0) return errno_error("copying " + from.string() + " to " + to.string(), n < 0 ? errno : EIO);
    }
  }
  return {};
}

Result<void> make_dirs(const fs::path& path) {
  if (path.empty()) return {};
  std::error_code ec;
  fs::create_directories(path, ec);
  if (ec) return errno_error("creating directory " + path.string(), ec.value());
  return {};
}

Result<std::uintmax_t> free_bytes(const fs::path& path) {
  fs::path p = fs::absolute(path);
  while (!fs::exists(p) && p.has_relative_path()) p = p.parent_path();
  struct statvfs s = {};
  if (::statvfs(p.c_str(), &s) != 0) return errno_error("statvfs " + p.string(), errno);
  return std::uintmax_t{s.f_bavail} * s.f_frsize;
}

Result<TempDir> TempDir::create(const fs::path& parent, const std::string& prefix) {
  PINRIG_CHECK(make_dirs(parent));
  std::string name = (parent / (prefix + "XXXXXX")).string();
  if (::mkdtemp(name.data()) == nullptr) return errno_error("creating " + name, errno);
  return TempDir(fs::path(name));
}

TempDir& TempDir::operator=(TempDir&& o) noexcept {
  std::swap(path_, o.path_);
  return *this;
}

TempDir::~TempDir() {
  std::error_code ec;
  if (!path_.empty()) fs::remove_all(path_, ec);
}

Result<FileLock> FileLock::try_acquire(const fs::path& path) {
  PINRIG_TRY(fd, open_lock(path));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return FileLock(std::move(fd));
  if (errno == EWOULDBLOCK) return FileLock(UniqueFd());
  return errno_error("locking " + path.string(), errno);
}

Result<FileLock> FileLock::acquire(const fs::path& path, int cancel_fd, void (*on_wait)(const fs::path&)) {
  PINRIG_TRY(lock, try_acquire(path));
  if (lock) return lock;
  if (on_wait != nullptr) on_wait(path);
  PINRIG_TRY(fd, open_lock(path));
  // flock(2) cannot be polled. A child shares the open file description, so the lock it takes is ours;
  // its end closes a pipe, and that can be waited for together with the cancellation.
  int pipe_fds[2];
  if (::pipe2(pipe_fds, O_CLOEXEC) != 0) return errno_error("pipe", errno);
  UniqueFd done(pipe_fds[0]);
  UniqueFd child_end(pipe_fds[1]);
  const pid_t pid = ::fork();
  if (pid < 0) return errno_error("fork", errno);
  if (pid == 0) {
    // Copies of other threads' locks and pipes would keep those held and open for as long as we wait.
    const auto [low, high] =
        std::minmax({static_cast<unsigned>(fd.get()), static_cast<unsigned>(child_end.get())});
    if (low > 0) ::close_range(0, low - 1, 0);
    if (high > low + 1) ::close_range(low + 1, high - 1, 0);
    ::close_range(high + 1, ~0U, 0);
    while (::flock(fd.get(), LOCK_EX) != 0 && errno == EINTR) {
    }
    _exit(0);
  }
  child_end.reset();
  pollfd p[2] = {{done.get(), POLLIN, 0}, {cancel_fd, POLLIN, 0}};
  while (::poll(p, 2, -1) < 0 && errno == EINTR) {
  }
  const bool cancelled = p[0].revents == 0;
  if (cancelled) ::kill(pid, SIGKILL);
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (cancelled)
    return make_error(ErrorKind::cancelled, "interrupted while waiting for the lock " + path.string());
  return FileLock(std::move(fd));
}

}  // namespace pinrig
