// SPDX-License-Identifier: GPL-2.0
// What pinrig has on the disk, what can be removed, and its removal.
#pragma once

#include <cstdint>
#include <ctime>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/paths.h"
#include "store/store.h"

namespace pinrig::gc {

enum class Kind {
  run,             ///< its folder and its rows in the store
  leftover,        ///< of a killed pinrig: drive images, half-made folders, folders without a run
  kernel,          ///< CACHE/kernels/KEY
  build_dir,       ///< CACHE/build/SLOT and CACHE/slots/N/build/SLOT: objects for the next incremental build
  build_log,       ///< CACHE/logs/NAME.build.log
  worktree,        ///< CACHE/worktrees/SLOT, and the same of CACHE/slots/N
  guest_programs,  ///< CACHE/guest/NAME: built for one checkout
  sysroot,         ///< CACHE/sysroots/NAME
  image,           ///< CACHE/images/FILE: initramfs and file systems
  source,          ///< CACHE/sources/NAME.git: imported bases; CACHE/debian/SUITE/FILE: fetched packages
};
const char* to_string(Kind kind);

/// Something that is removed as a whole.
struct Item {
  Kind kind = Kind::run;
  std::string name;                         ///< run id, or path below the cache or the state
  fs::path path;                            ///< folder or file
  fs::path lock;                            ///< held by its users; empty: none
  std::uintmax_t bytes = 0;                 ///< on the disk
  std::time_t used = 0;                     ///< time of last use; of a run: its start
  bool in_use = false;                      ///< the lock is held
  fs::path companion = {};                  ///< a file that belongs to it; may be empty or missing
  std::vector<std::string> needed_by = {};  ///< ids of runs whose repro.sh starts from it
};

/// Everything, the newest first. Runs come with the store's rows; folders without one are leftovers.
Result<std::vector<Item>> take_inventory(const Paths& paths, const store::Store& store);

/// "3 runs 1.2 GiB, 12 kernels 640.0 MiB", by kind; "nothing".
std::string totals(const std::vector<Item>& items);

/// At most one is set; if none, only leftovers are removed.
struct Policy {
  std::optional<int> keep;                  ///< keep this many of the newest runs
  std::optional<double> older_days;         ///< remove what is older
  std::optional<std::uintmax_t> max_bytes;  ///< remove the oldest until the rest fits in this size
};

struct Choice {
  Item item;
  std::string why;
  bool breaks_repro = false;  ///< needed by repro.sh of a run that is kept
};

/// What to remove under a policy; pure. Never items in use. `keep` and `older_days` also remove from the
/// cache what no kept run needs and what was not used since the oldest kept run began, or for that long.
/// `max_bytes` removes needed items only when nothing else is left.
std::vector<Choice> choose(const std::vector<Item>& items, const Policy& policy, std::time_t now);

struct Removed {
  std::vector<Choice> gone;
  std::vector<Choice> busy;  ///< in use by now, or the cache is in use
  std::uintmax_t bytes = 0;  ///< of `gone`
};

/// Removes the chosen items, each under its lock; those of the cache only while the cache is not in use
/// (base/cache_use.h). Stops with an Error at the first that cannot be removed.
Result<Removed> collect(const Paths& paths, store::Store& store, const std::vector<Choice>& choices);

/// Removes what a killed guest left in a run's folder: its drive images and initramfs. The caller ensures
/// that the folder is not in use. Returns the number of freed bytes.
std::uintmax_t remove_guest_leftovers(const fs::path& run_dir);

}  // namespace pinrig::gc
