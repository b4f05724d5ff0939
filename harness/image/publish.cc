// SPDX-License-Identifier: GPL-2.0
#include "image/publish.h"

#include "base/log.h"

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

}  // namespace

const CancelToken& token_or_never(const CancelToken* cancel) {
  static const CancelToken never;
  return cancel != nullptr ? *cancel : never;
}

Result<FileLock> lock_path(const fs::path& target, const CancelToken& cancel) {
  return FileLock::acquire(beside(target, ".lock"), cancel.fd(), [](const fs::path& lock) {
    spdlog::info("another pinrig holds {}: waiting for it", lock.string());
  });
}

Result<void> publish_once(const fs::path& target, const CancelToken& cancel,
                          const std::function<Result<void>(const fs::path& partial)>& make) {
  std::error_code ec;
  if (fs::exists(target, ec)) return {};
  PINRIG_TRY(lock, lock_path(target, cancel));
  if (fs::exists(target, ec)) return {};
  const fs::path partial = beside(target, ".partial");
  PINRIG_CHECK(clear(partial));
  auto made = make(partial);
  if (made.has_value()) {
    fs::rename(partial, target, ec);
    if (!ec) return {};
    made = errno_error("publishing " + target.string(), ec.value());
  }
  (void)clear(partial);
  return made;
}

}  // namespace pinrig::image
