// SPDX-License-Identifier: GPL-2.0
#include "run/leftovers.h"

#include "gc/gc.h"
#include "run/assessment.h"
#include "run/inherit.h"
#include "run/record.h"

namespace pinrig::run {
namespace {

// A run is alive as long as the lock in its directory is held.
Result<bool> is_dead(const store::RunRow& run) {
  std::error_code ec;
  const fs::path file = fs::path(run.dir) / "alive.lock";
  if (!fs::exists(file, ec)) return true;
  PINRIG_TRY(lock, FileLock::try_acquire(file));
  return static_cast<bool>(lock);
}

// What the guests of a killed run left on disk. One that cannot be read stays as it was planned.
Result<void> save_leftovers(store::Store& store, const store::RunRow& run) {
  PINRIG_TRY(guests, store.guests(run.id));
  for (auto& row : guests) {
    if (row.outcome) continue;
    const fs::path dir = fs::path(run.dir) / "guests" / row.id;
    auto left = job::judge_leftovers(dir);
    if (left.has_error() || !*left) continue;
    const auto& r = **left;
    model::Guest guest{.id = row.id, .reason = row.reason, .machine = {}, .tests = {}};
    auto ended = guest_row(run.id, row.kernel_id, guest, r);
    ended.machine = row.machine;
    ended.planned = row.planned;
    ended.dir = dir;
    PINRIG_CHECK(store.end_guest(ended, attempt_rows(r), unassessed(r.results), r.guest.facts.events));
  }
  return {};
}

// With what the run or today's files expect. A run that says neither stays "not assessed yet".
void assess_leftovers(store::Store& store, const store::RunRow& run, const fs::path& project) {
  const auto again = reassess(store, run, project);
  if (again.has_value()) static_cast<void>(store.assess_run(run.id, again->assessment.kernels));
}

}  // namespace

Result<store::Store> open_store(const Paths& paths) {
  PINRIG_CHECK(make_dirs(paths.state));
  PINRIG_TRY(store, store::Store::open(paths.state / "results.db"));
  // Named are the dead, not the living: one that begins at this moment is in neither list.
  std::vector<std::string> dead;
  PINRIG_TRY(runs, store.runs(1000));
  for (const auto& run : runs) {
    if (run.state != store::RunState::running) continue;
    PINRIG_TRY(gone, is_dead(run));
    if (!gone) continue;
    // A full disk must not stand between people and what was measured before.
    if (auto saved = save_leftovers(store, run);
        saved.has_error() && saved.error().kind != ErrorKind::disk_full)
      return std::move(saved).error();
    if (auto given = inherit_results(store, run.id);
        given.has_error() && given.error().kind != ErrorKind::disk_full)
      return std::move(given).error();
    assess_leftovers(store, run, paths.project);
    gc::remove_guest_leftovers(run.dir);
    dead.push_back(run.id);
  }
  if (auto marked = store.mark_interrupted(dead);
      marked.has_error() && marked.error().kind != ErrorKind::disk_full)
    return std::move(marked).error();
  return store;
}

}  // namespace pinrig::run
