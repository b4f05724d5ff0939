// SPDX-License-Identifier: GPL-2.0
#include "base/cache_use.h"
#include "gc/gc.h"

namespace pinrig::gc {
namespace {

// Renamed first: a collection that is killed leaves a leftover, never a kernel that is half there.
Result<void> remove_whole(const fs::path& path) {
  const fs::path doomed = path.parent_path() / (".gc-" + path.filename().string());
  std::error_code ec;
  fs::rename(path, doomed, ec);
  if (ec == std::errc::no_such_file_or_directory) return {};
  if (ec) return errno_error("removing " + path.string(), ec.value());
  fs::remove_all(doomed, ec);
  if (ec) return errno_error("removing " + doomed.string(), ec.value());
  return {};
}

// Has a lock of its own that everybody holds who is at work in it; all else in the cache is read without one.
bool has_own_lock(Kind kind) {
  return kind == Kind::run || kind == Kind::build_dir || kind == Kind::worktree;
}

bool is_below(const fs::path& path, const fs::path& top) {
  const auto relative = path.lexically_relative(top);
  return !relative.empty() && *relative.begin() != "..";
}

}  // namespace

Result<Removed> collect(const Paths& paths, store::Store& store, const std::vector<Choice>& choices) {
  PINRIG_TRY(whole_cache, own_cache(paths.cache));
  Removed out;
  for (const auto& choice : choices) {
    const Item& item = choice.item;
    std::optional<FileLock> lock;
    std::error_code ec;
    if (!item.lock.empty() && fs::exists(item.lock, ec)) {
      PINRIG_TRY(taken, FileLock::try_acquire(item.lock));
      lock.emplace(std::move(taken));
    }
    const bool needs_cache = !has_own_lock(item.kind) && is_below(item.path, paths.cache);
    if ((lock && !*lock) || (needs_cache && !whole_cache)) {
      out.busy.push_back(choice);
      continue;
    }
    // Rows first: a folder without a row is a leftover, a row without its folder looks like a result.
    if (item.kind == Kind::run) PINRIG_CHECK(store.delete_run(item.name));
    PINRIG_CHECK(remove_whole(item.path));
    fs::remove(item.companion, ec);
    out.gone.push_back(choice);
    out.bytes += item.bytes;
  }
  return out;
}

}  // namespace pinrig::gc
