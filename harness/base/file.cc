// SPDX-License-Identifier: GPL-2.0
#include "base/file.h"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <cstdlib>

namespace pinrig {
namespace {

Result<void> sync_one(const fs::path& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return errno_error("opening " + path.string(), errno);
  // Some file systems cannot sync a directory (EINVAL); theirs is then no worse than without.
  if (::fsync(fd.get()) != 0 && errno != EINVAL && errno != EROFS)
    return errno_error("writing " + path.string() + " to the disk", errno);
  return {};
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

Result<fs::path> create_unique(const fs::path& dir, const std::string& prefix, const std::string& suffix) {
  PINRIG_CHECK(make_dirs(dir));
  std::string name = (dir / (prefix + "XXXXXX" + suffix)).string();
  const UniqueFd fd(::mkostemps(name.data(), static_cast<int>(suffix.size()), O_CLOEXEC));
  if (!fd) return errno_error("creating " + name, errno);
  if (::fchmod(fd.get(), 0644) != 0) return errno_error("chmod " + name, errno);
  return fs::path(name);
}

Result<void> sync_to_disk(const fs::path& path) {
  std::error_code ec;
  if (fs::is_directory(path, ec)) {
    // One call for thousands of files, headers or a sysroot: fsync(2) of each would take seconds.
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd || ::syncfs(fd.get()) != 0)
      return errno_error("writing " + path.string() + " to the disk", errno);
    return {};
  }
  return sync_one(path);
}

Result<void> publish(const fs::path& finished, const fs::path& place) {
  PINRIG_CHECK(sync_to_disk(finished));
  std::error_code ec;
  fs::rename(finished, place, ec);
  if (ec) return errno_error("publishing " + place.string(), ec.value());
  return sync_one(place.parent_path());
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

Result<fs::path> claim_dir(const fs::path& parent, const std::function<std::string()>& name) {
  constexpr int attempts = 100;
  PINRIG_CHECK(make_dirs(parent));
  for (int i = 0; i < attempts; ++i) {
    const fs::path path = parent / name();
    if (::mkdir(path.c_str(), 0777) == 0) return path;
    if (errno != EEXIST) return errno_error("creating directory " + path.string(), errno);
  }
  return make_error(ErrorKind::infra, parent.string() + ": no free name found");
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

}  // namespace pinrig
