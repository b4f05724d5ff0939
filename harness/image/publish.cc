// SPDX-License-Identifier: GPL-2.0
#include "image/publish.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "base/cache_use.h"
#include "base/hash.h"
#include "base/text.h"

namespace pinrig::image {
namespace {

fs::path beside(const fs::path& target, const char* suffix) {
  return target.parent_path() / ("." + target.filename().string() + suffix);
}

Result<void> clear(const fs::path& path) {
  std::error_code ec;
  fs::remove_all(path, ec);
  if (ec) return errno_error("removing " + path.string(), ec.value());
  return {};
}

/// What changes whenever a file does.
std::string state_of(const fs::path& file) {
  struct stat st = {};
  if (::stat(file.c_str(), &st) != 0) return "";
  return fmt::format("{} {}.{}", st.st_size, st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

fs::path seal_of(const fs::path& target) { return beside(target, ".sha256"); }

/// Two lines: the hash of the content, and the state of the file for which that was found to be so.
Result<void> seal(const fs::path& target, const std::string& hash) {
  return write_file_atomic(seal_of(target), hash + "\n" + state_of(target) + "\n");
}

/// Whether what was published is there and whole: a directory by its name, a file by its hash, which is
/// computed once for each size and time of it.
bool whole(const fs::path& target) {
  std::error_code ec;
  if (fs::is_directory(target, ec)) return true;
  if (!fs::is_regular_file(target, ec)) return false;
  const auto text = read_file(seal_of(target));
  if (text.has_error()) return false;
  const auto sealed = split(*text, '\n');
  if (sealed.size() < 2) return false;
  if (sealed[1] == state_of(target)) return true;
  const auto hash = sha256_file(target);
  if (hash.has_error() || *hash != sealed[0]) return false;
  static_cast<void>(seal(target, *hash).has_value());  // a read-only cache is hashed again the next time
  return true;
}

Result<void> publish_sealed(const fs::path& partial, const fs::path& target) {
  std::error_code ec;
  if (fs::is_directory(partial, ec)) return publish(partial, target);
  PINRIG_TRY(hash, sha256_file(partial));
  PINRIG_CHECK(publish(partial, target));
  return seal(target, hash);
}

}  // namespace

Result<FileLock> lock_path(const fs::path& target, const WorkContext& ctx) {
  LockOptions options{.cancel_fd = ctx.token().fd()};
  options.on_wait = [&ctx](const LockWait& wait) {
    ctx.tell({.what = to_string(wait), .elapsed_s = wait.waited_s});
  };
  return FileLock::acquire(beside(target, ".lock"), options);
}

Result<void> publish_once(const fs::path& target, const WorkContext& ctx,
                          const std::function<Result<void>(const fs::path& partial)>& make) {
  // Not of a file: its time is a part of what is known of its content.
  std::error_code ec;
  if (fs::is_directory(target, ec)) mark_used(target);
  if (whole(target)) return {};
  PINRIG_TRY(lock, lock_path(target, ctx));
  if (whole(target)) return {};
  const fs::path partial = beside(target, ".partial");
  PINRIG_CHECK(clear(partial));
  auto made = make(partial);
  if (made.has_value()) {
    made = publish_sealed(partial, target);
    if (made.has_value()) return {};
  }
  (void)clear(partial);
  return made;
}

}  // namespace pinrig::image
