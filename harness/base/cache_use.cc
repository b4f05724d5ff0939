// SPDX-License-Identifier: GPL-2.0
#include "base/cache_use.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <map>
#include <mutex>

#include "base/log.h"

namespace pinrig {
namespace {

fs::path lock_of(const fs::path& cache) { return cache / "use.lock"; }

}  // namespace

void use_cache(const fs::path& cache) {
  static std::mutex mutex;
  static std::map<fs::path, UniqueFd> held;
  const std::lock_guard guard(mutex);
  if (held.contains(cache)) return;
  std::error_code ec;
  fs::create_directories(cache, ec);
  UniqueFd fd(::open(lock_of(cache).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  // EINTR: a signal asks us to end, and whoever waits next for anything will see that.
  if (fd && ::flock(fd.get(), LOCK_SH | LOCK_NB) != 0) {
    spdlog::info("waiting for a pinrig gc");
    if (::flock(fd.get(), LOCK_SH) != 0) spdlog::debug("{}: no lock", lock_of(cache).string());
  }
  held.emplace(cache, std::move(fd));
}

void mark_used(const fs::path& path) { ::utimensat(AT_FDCWD, path.c_str(), nullptr, 0); }

Result<FileLock> own_cache(const fs::path& cache) { return FileLock::try_acquire(lock_of(cache)); }

}  // namespace pinrig
