// SPDX-License-Identifier: GPL-2.0
// What pinrig has on the disk, what of it may go, and its removal.
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
  source,          ///< CACHE/sources/NAME.git: imported bases
};
const char* to_string(Kind kind);

/// Something that is removed as a whole.
struct Item {
  Kind kind = Kind::run;
  std::string name;                         ///< run id, or path below the cache or the state
  fs::path path;                            ///< folder or file
  fs::path lock;                            ///< that its users hold; empty: none
  std::uintmax_t bytes = 0;                 ///< on the disk
  std::time_t used = 0;                     ///< when it was used last; of a run: when it started
  bool in_use = false;                      ///< somebody holds the lock
  fs::path companion = {};                  ///< a file that goes with it; may be empty or not there
  std::vector<std::string> needed_by = {};  ///< ids of runs whose repro.sh starts from it
};

/// Everything, the newest first. Runs come with the store's rows; folders without one are leftovers.
Result<std::vector<Item>> take_inventory(const Paths& paths, const store::Store& store);

/// "3 runs 1.2 GiB, 12 kernels 640.0 MiB", by kind; "nothing".
std::string totals(const std::vector<Item>& items);

/// Exactly one is set, or none: then leftovers go, and nothing else.
struct Policy {
  std::optional<int> keep;                  ///< this many of the newest runs stay
  std::optional<double> older_days;         ///< what is older goes
  std::optional<std::uintmax_t> max_bytes;  ///< the oldest goes until the rest is this small
};

struct Choice {
  Item item;
  std::string why;
  bool breaks_repro = false;  ///< a run that stays needs it: its repro.sh says so when it is run
};

/// What goes under a policy; pure. Items in use never do. `keep` and `older_days` also take from the cache
/// what no run that stays needs and what was not used since the oldest of these runs began, or for that long.
/// `max_bytes` takes what is needed only when nothing else is left to take.
std::vector<Choice> choose(const std::vector<Item>& items, const Policy& policy, std::time_t now);

struct Removed {
  std::vector<Choice> gone;
  std::vector<Choice> busy;  ///< somebody began to use it, or uses the cache
  std::uintmax_t bytes = 0;  ///< of `gone`
};

/// Removes the chosen items, each under its lock; those of the cache only while nobody uses the cache
/// (base/cache_use.h). Stops with an Error at the first that cannot be removed.
Result<Removed> collect(const Paths& paths, store::Store& store, const std::vector<Choice>& choices);

/// Removes what a killed guest left in a run's folder: its drive images and initramfs. The caller knows that
/// nobody uses the folder. Returns the bytes that are free again.
std::uintmax_t remove_guest_leftovers(const fs::path& run_dir);

}  // namespace pinrig::gc
