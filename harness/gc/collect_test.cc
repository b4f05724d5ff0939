// SPDX-License-Identifier: GPL-2.0
#include <gmock/gmock.h>

#include "base/cache_use.h"
#include "gc/gc.h"

namespace pinrig::gc {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class Collect : public testing::Test {
 protected:
  Collect() : store_(store::Store::open(paths_.state / "results.db").value()) {}

  void put(const fs::path& file, const std::string& text = "x") {
    ASSERT_TRUE(make_dirs(file.parent_path()).has_value());
    ASSERT_TRUE(write_file_atomic(file, text).has_value());
  }
  /// A run of the store with a folder; its job starts from `kernel`.
  fs::path add_run(const std::string& id, const std::string& started, const std::string& kernel = "none") {
    store::RunRow row;
    row.id = id;
    row.started = started;
    row.state = store::RunState::finished;
    row.dir = (paths_.state / "runs" / id).string();
    EXPECT_TRUE(store_.begin_run(row, {}, {}).has_value());
    put(fs::path(row.dir) / "alive.lock", "");
    put(fs::path(row.dir) / "cells/base-x86_64/console.raw");
    put(fs::path(row.dir) / "cells/base-x86_64/job.json",
        "{\"kernel_image\": \"" + (paths_.cache / "kernels" / kernel / "image").string() + "\"}");
    return row.dir;
  }
  std::vector<Item> inventory() {
    auto items = take_inventory(paths_, store_);
    EXPECT_TRUE(items.has_value());
    return *items;
  }
  Removed collect_with(const Policy& policy) {
    auto removed = collect(paths_, store_, choose(inventory(), policy, std::time(nullptr)));
    EXPECT_TRUE(removed.has_value()) << removed.error().message;
    return *removed;
  }
  static std::vector<std::string> names(const std::vector<Choice>& choices) {
    std::vector<std::string> out;
    for (const auto& c : choices) out.push_back(c.item.name);
    return out;
  }
  static void make_old(const fs::path& path) {
    fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(24 * 365));
  }

  TempDir dir_ = TempDir::create(fs::temp_directory_path(), "pinrig-gc-").value();
  Paths paths_{dir_.path() / "project", dir_.path() / "cache", dir_.path() / "state"};
  store::Store store_;
};

TEST_F(Collect, ARunGoesWithItsRowsAndTheKernelThatOnlyItNeeds) {
  const fs::path old_dir = add_run("20260101-000000-0001", "2026-01-01T00:00:00Z", "k1");
  const fs::path new_dir = add_run("20260102-000000-0002", "2026-01-02T00:00:00Z", "k2");
  for (const char* key : {"k1", "k2"}) {
    put(paths_.cache / "kernels" / key / "image");
    make_old(paths_.cache / "kernels" / key);
  }
  const auto removed = collect_with({.keep = 1});
  EXPECT_THAT(names(removed.gone), UnorderedElementsAre("20260101-000000-0001", "kernels/k1"));
  EXPECT_FALSE(fs::exists(old_dir));
  EXPECT_FALSE(fs::exists(paths_.cache / "kernels/k1"));
  EXPECT_TRUE(fs::exists(new_dir));
  EXPECT_TRUE(fs::exists(paths_.cache / "kernels/k2"));
  ASSERT_EQ(store_.runs(10)->size(), 1U);
  EXPECT_EQ(store_.runs(10)->front().id, "20260102-000000-0002");
}

TEST_F(Collect, ARunningRunIsNotTouched) {
  const fs::path run = add_run("20260101-000000-0001", "2026-01-01T00:00:00Z");
  put(run / "cells/base-x86_64/drive-a-1.raw");
  const auto alive = FileLock::try_acquire(run / "alive.lock");
  EXPECT_THAT(collect_with({.keep = 0}).gone, IsEmpty());
  EXPECT_TRUE(fs::exists(run / "cells/base-x86_64/drive-a-1.raw"));
}

TEST_F(Collect, ARunThatBeginsAfterTheChoiceIsNotTouchedEither) {
  const fs::path run = add_run("20260101-000000-0001", "2026-01-01T00:00:00Z");
  const auto choices = choose(inventory(), {.keep = 0}, std::time(nullptr));
  const auto alive = FileLock::try_acquire(run / "alive.lock");
  const auto removed = collect(paths_, store_, choices);
  EXPECT_THAT(names(removed->busy), ElementsAre("20260101-000000-0001"));
  EXPECT_TRUE(fs::exists(run));
}

TEST_F(Collect, WhatAKilledGuestLeftGoesAndItsResultsStay) {
  const fs::path cell = add_run("20260101-000000-0001", "2026-01-01T00:00:00Z") / "cells/base-x86_64";
  for (const char* name :
       {"drive-a-1.raw", "scsi.raw", "initramfs.img", "results.raw", "guest-2/drive-b-1.raw"})
    put(cell / name);
  EXPECT_THAT(collect_with({}).gone, testing::SizeIs(4));
  for (const char* name : {"drive-a-1.raw", "scsi.raw", "initramfs.img", "guest-2/drive-b-1.raw"})
    EXPECT_FALSE(fs::exists(cell / name)) << name;
  for (const char* name : {"console.raw", "results.raw", "job.json"})
    EXPECT_TRUE(fs::exists(cell / name)) << name;
}

TEST_F(Collect, HalfMadeThingsOfTheCacheGo) {
  const std::vector<fs::path> leftovers{"kernels/k1.tmp/image",
                                        "kernels/.probe-abc/x",
                                        "sysroots/.x86_64-1.partial/etc/x",
                                        "sources/.unfinished-a.git-xyz/HEAD",
                                        "sources/range-abc/HEAD",
                                        "kernels/.gc-k9/image"};
  for (const auto& file : leftovers) put(paths_.cache / file);
  put(paths_.cache / "kernels/k1/image");
  collect_with({});
  for (const auto& file : leftovers) EXPECT_FALSE(fs::exists(paths_.cache / file.parent_path())) << file;
  EXPECT_TRUE(fs::exists(paths_.cache / "kernels/k1/image"));
}

TEST_F(Collect, AFolderWithoutARunGoesOnceItCannotBeOneThatBegins) {
  put(paths_.state / "runs/20260101-000000-0009/cells/x");
  EXPECT_THAT(collect_with({}).gone, IsEmpty()) << "just made";
  make_old(paths_.state / "runs/20260101-000000-0009");
  EXPECT_THAT(names(collect_with({}).gone), ElementsAre("runs/20260101-000000-0009"));
}

TEST_F(Collect, TheCacheStaysWhileSomebodyUsesIt) {
  put(paths_.cache / "kernels/k1/image");
  make_old(paths_.cache / "kernels/k1");
  const auto user = own_cache(paths_.cache);
  ASSERT_TRUE(*user);
  const auto removed = collect_with({.max_bytes = 0});
  EXPECT_THAT(names(removed.busy), ElementsAre("kernels/k1"));
  EXPECT_TRUE(fs::exists(paths_.cache / "kernels/k1/image"));
}

TEST_F(Collect, AnImageGoesWithItsHashAndNotWithoutIt) {
  const fs::path image = paths_.cache / "images/initramfs-1.cpio";
  const fs::path hash = paths_.cache / "images/.initramfs-1.cpio.sha256";
  put(image);
  put(hash);
  EXPECT_THAT(collect_with({}).gone, IsEmpty());
  make_old(image);
  EXPECT_THAT(names(collect_with({.older_days = 30}).gone), ElementsAre("images/initramfs-1.cpio"));
  EXPECT_FALSE(fs::exists(hash));
}

TEST_F(Collect, FurtherPlacesToBuildInCountToo) {
  const fs::path tree = paths_.cache / "slots/2/worktrees/debian-6.12";
  put(tree / "Makefile");
  make_old(tree);
  EXPECT_THAT(names(collect_with({.older_days = 30}).gone), ElementsAre("slots/2/worktrees/debian-6.12"));
}

TEST_F(Collect, AWorktreeInUseStays) {
  put(paths_.cache / "worktrees/a/Makefile");
  put(paths_.cache / "worktrees/b/Makefile");
  const auto held = FileLock::try_acquire(paths_.cache / "worktrees/a.lock");
  EXPECT_THAT(names(collect_with({.max_bytes = 0}).gone), ElementsAre("worktrees/b"));
}

TEST(UseOfTheCache, KeepsCollectorsOutUntilTheProcessEnds) {
  const auto dir = TempDir::create(fs::temp_directory_path(), "pinrig-use-").value();
  EXPECT_TRUE(*own_cache(dir.path()));
  use_cache(dir.path());
  use_cache(dir.path());
  EXPECT_FALSE(*own_cache(dir.path()));
}

}  // namespace
}  // namespace pinrig::gc
