// SPDX-License-Identifier: GPL-2.0
#include "run/pipeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/text.h"
#include "run/record.h"
#include "run/scheduler.h"
#include "run/stages.h"

namespace pinrig::run {
namespace {

// A guest that becomes ready goes before the next build: the first verdicts come early.
constexpr int guest_priority = 2;
constexpr int platform_priority = 1;

struct CellState {
  std::optional<Error> error;
  std::optional<kbuild::Artifact> kernel;
  std::optional<fs::path> selftests;  ///< of another base, when the run says so
};

// The tasks of one run and what they hand to each other. Tasks that depend on each other never run at the
// same time, and each writes only its own slot, so the slots need no lock.
class Pipeline {
 public:
  Pipeline(const Inputs& in, const Sources& sources, const plan::Plan& plan, const Services& services)
      : in_(in), sources_(sources), plan_(plan), services_(services), states_(plan.cells.size()) {}

  // Builds every cell; with a record also runs and judges it.
  ExitCode run(RunRecord* record, const std::function<void()>& tick) {
    for (const auto& cell : plan_.cells) {
      if (!platforms_.contains(cell.arch)) add_platform(cell.arch);
    }
    for (std::size_t i = 0; i < plan_.cells.size(); ++i) add_cell(i, record);
    run_tasks(tasks_, machine_budget(), services_.cancel, tick);
    return services_.cancel.requested() ? ExitCode::interrupted : code_;
  }

  const CellState& state(std::size_t i) const { return states_[i]; }

 private:
  struct PlatformSlot {
    std::size_t task;
    std::optional<Result<Platform>> platform;
  };

  void add_platform(model::Arch arch) {
    auto& slot = platforms_[arch];
    slot.task = tasks_.size();
    tasks_.push_back({.name = fmt::format("image {}", to_string(arch)),
                      .cpus = 1,
                      .priority = platform_priority,
                      .body = [this, arch, &slot] {
                        slot.platform = prepare_platform(arch, in_.spec.accel, services_);
                        if (slot.platform->has_error())
                          services_.observer.on({.kind = Event::Kind::end,
                                                 .task = to_string(arch),
                                                 .what = "image",
                                                 .text = slot.platform->error().message,
                                                 .ok = false});
                      }});
  }

  void add_cell(std::size_t i, RunRecord* record) {
    const model::Cell& cell = plan_.cells[i];
    const bool is_new = i == 0 || plan_.cells[i - 1].kernel != cell.kernel;
    if (is_new) add_build(i);
    kernel_of_.push_back(is_new ? i : kernel_of_.back());
    if (record == nullptr) return;
    // Most of a guest's time one of its CPUs works; under TCG a second guest fills the other host CPU.
    tasks_.push_back({.name = "guest " + cell.id,
                      .cpus = std::max(1, cell.machine.cpus / 2),
                      .memory = std::uint64_t(cell.machine.memory_mib) << 20,
                      .priority = guest_priority,
                      .after = {*last_build_},
                      .body = [this, i, record] { guest_task(i, *record); }});
  }

  void add_build(std::size_t i) {
    const model::Cell& cell = plan_.cells[i];
    // One build at a time, in the order of the plan: they share a worktree, and the first verdict comes
    // sooner than if all were built at once. A guest may run beside a build.
    std::vector<std::size_t> after{platforms_.at(cell.arch).task};
    if (last_build_) after.push_back(*last_build_);
    const std::size_t build = tasks_.size();
    last_build_ = build;
    Task task = build_task("build " + cell.id, services_.jobs);
    task.after = std::move(after);
    task.body = [this, i] { build_kernel(i); };
    tasks_.push_back(std::move(task));
  }

  void fail(std::size_t i, const Error& error, const char* what) {
    if (error.kind != ErrorKind::cancelled)
      services_.observer.on(
          {.kind = Event::Kind::warning, .task = plan_.cells[i].id, .what = what, .text = error.message});
    services_.observer.on({.kind = Event::Kind::end,
                           .task = plan_.cells[i].id,
                           .what = what,
                           .text = error.kind == ErrorKind::cancelled ? "interrupted" : "failed",
                           .ok = false});
  }

  void build_failed(std::size_t i, const Error& error) {
    fail(i, error, "build");
    states_[i].error = error;
  }

  void build_kernel(std::size_t i) {
    const model::Cell& cell = plan_.cells[i];
    const auto& platform = *platforms_.at(cell.arch).platform;
    if (platform.has_error()) {
      states_[i].error = platform.error();
      return;
    }
    services_.observer.on({.kind = Event::Kind::begin, .task = cell.id, .what = "build"});
    auto kernel = build_cell(cell, in_, sources_, *platform, services_);
    if (kernel.has_error()) return build_failed(i, kernel.error());
    auto selftests = foreign_selftests(cell, *platform);
    if (selftests.has_error()) return build_failed(i, selftests.error());
    states_[i].kernel = std::move(*kernel);
    states_[i].selftests = *selftests;
    const auto& k = *states_[i].kernel;
    services_.observer.on({.kind = Event::Kind::end,
                           .task = cell.id,
                           .what = "build",
                           .text = k.was_cached ? fmt::format("cached {}", k.key.substr(0, 12))
                                                : fmt::format("{} ({} CPU)  {}", human_seconds(k.wall_s),
                                                              human_seconds(k.cpu_s), k.key.substr(0, 12))});
    for (const auto& w : k.warnings)
      services_.observer.on(
          {.kind = Event::Kind::warning, .task = cell.id, .text = "compiler warning: " + w});
  }

  // The selftests of `selftests_from`; empty: the tree under test has its own.
  Result<fs::path> foreign_selftests(const model::Cell& cell, const Platform& platform) {
    if (!sources_.selftests_from) return fs::path();
    Sources other{*sources_.selftests_from, {}, {}};
    Inputs inputs = in_;
    inputs.base = *in_.selftests_from;
    model::Cell base = cell;
    base.point = {};
    base.id = "selftests-" + cell.id;
    PINRIG_TRY(kernel, build_cell(base, inputs, other, platform, services_));
    return kernel.selftests;
  }

  // The state of the kernel that guest i runs.
  CellState& kernel_state(std::size_t i) { return states_[kernel_of_[i]]; }

  RecordedCell recorded(std::size_t i) const {
    const model::Cell& cell = plan_.cells[i];
    RecordedCell out{.cell = cell,
                     .is_tip = plan_.patches > 0 && cell.point.number == plan_.patches,
                     .version = sources_.base.version};
    for (const auto& other : plan_.cells) {
      if (other.kernel != cell.kernel) continue;
      for (const auto& t : other.tests) out.chosen.push_back(t.name);
    }
    return out;
  }

  void guest_task(std::size_t i, RunRecord& record) {
    const RecordedCell cell = recorded(i);
    const auto& error = kernel_state(i).error;
    auto added = error ? record.add_failed(cell, *error) : judge_cell(i, cell, record);
    if (added.has_error()) {
      const Error why = added.error();
      fail(i, why, "guest");
      added = record.add_failed(cell, why);
    }
    // What cannot even be written down (a full disk, a broken database) is still not lost on the exit code.
    note_code(added.has_error() ? exit_code_of(added.error().kind) : *added);
  }

  Result<ExitCode> judge_cell(std::size_t i, const RecordedCell& recorded, RunRecord& record) {
    const model::Cell& cell = plan_.cells[i];
    const Platform& platform = **platforms_.at(cell.arch).platform;
    const kbuild::Artifact& kernel = *kernel_state(i).kernel;
    services_.observer.on({.kind = Event::Kind::begin, .task = cell.id, .what = "guest", .text = "boot"});
    const fs::path selftests =
        kernel_state(i).selftests->empty() ? kernel.selftests : *kernel_state(i).selftests;
    PINRIG_TRY(job, ready_job(told_what_to_find(cell, recorded.is_tip), kernel, selftests, platform,
                              record.id(), record.cell_dir(cell), services_));
    PINRIG_TRY(judged, run_and_judge(job, services_));
    PINRIG_TRY(code, record.add(recorded, in_, kernel, platform, judged));
    services_.observer.on(
        {.kind = Event::Kind::end,
         .task = cell.id,
         .what = "guest",
         .text = fmt::format("{}: {} tests, boot {}  {}", to_string(judged.judgement.outcome.kind),
                             cell.tests.size(), human_seconds(judged.guest.boot_s),
                             human_seconds(judged.guest.wall_s)),
         .ok = judged.judgement.outcome.kind == model::JobOutcome::Kind::completed});
    return code;
  }

  // At its tip a series may state what the tests would else find out for themselves: a path that it lets
  // stop pinning then fails, instead of being tested as one that never did.
  model::Cell told_what_to_find(model::Cell cell, bool is_tip) const {
    if (!is_tip || !in_.series || in_.series->capabilities.empty()) return cell;
    std::string stated;
    for (const auto& [name, value] : in_.series->capabilities)
      stated += fmt::format("{}{}={}", stated.empty() ? "" : " ", name, value);
    for (auto& test : cell.tests) test.env["PINRIG_CAPABILITIES"] = stated;
    return cell;
  }

  void note_code(ExitCode c) {
    const std::lock_guard lock(mutex_);
    code_ = fold(code_, c);
  }

  const Inputs& in_;
  const Sources& sources_;
  const plan::Plan& plan_;
  const Services& services_;
  std::vector<CellState> states_;       // of kernels: at the index of their first guest
  std::vector<std::size_t> kernel_of_;  // of each guest: that index
  std::map<model::Arch, PlatformSlot> platforms_;
  std::vector<Task> tasks_;
  std::optional<std::size_t> last_build_;
  std::mutex mutex_;
  ExitCode code_ = ExitCode::ok;
};

}  // namespace

Result<RunEnd> execute(const RunOptions& options, const Services& services,
                       const std::function<void()>& tick) {
  PINRIG_TRY(inputs, load_inputs(services.paths.project, options));
  PINRIG_CHECK(check_programs(inputs));
  PINRIG_CHECK(check_place(services.paths.state, "PINRIG_STATE"));
  PINRIG_TRY(store, open_store(services.paths));
  PINRIG_TRY(sources, fetch_sources(inputs, services));
  PINRIG_TRY(plan, plan_cells(inputs, sources));
  PINRIG_TRY(record, RunRecord::begin(std::move(store), inputs, services));
  Pipeline pipeline(inputs, sources, plan, services);
  ExitCode code = pipeline.run(&record, tick);
  const bool interrupted = code == ExitCode::interrupted;
  PINRIG_TRY(lost, record.weigh_against_base());
  code = fold(code, lost);
  PINRIG_CHECK(record.finish(interrupted ? "interrupted" : "finished", code));
  return RunEnd{record.id(), code};
}

Result<std::vector<std::string>> build_only(const RunOptions& options, const Services& services,
                                            const std::function<void()>& tick) {
  PINRIG_TRY(inputs, load_inputs(services.paths.project, options));
  PINRIG_TRY(sources, fetch_sources(inputs, services));
  PINRIG_TRY(plan, plan_cells(inputs, sources));
  Pipeline pipeline(inputs, sources, plan, services);
  if (pipeline.run(nullptr, tick) == ExitCode::interrupted) return cancelled_error();
  std::vector<std::string> out;
  for (std::size_t i = 0; i < plan.cells.size(); ++i) {
    if (plan.cells[i].id != plan.cells[i].kernel) continue;
    const auto& state = pipeline.state(i);
    if (state.error) return *state.error;
    out.push_back(fmt::format("{}  {}  {}", plan.cells[i].id, state.kernel->key, state.kernel->dir.string()));
  }
  return out;
}

Result<store::Store> open_store(const Paths& paths) {
  PINRIG_CHECK(make_dirs(paths.state));
  PINRIG_TRY(store, store::Store::open(paths.state / "results.db"));
  // A run is alive as long as somebody holds the lock in its directory.
  // Named are the dead, not the living: one that begins at this moment is in neither list.
  std::vector<std::string> dead;
  PINRIG_TRY(runs, store.runs(1000));
  for (const auto& run : runs) {
    if (run.state != "running") continue;
    std::error_code ec;
    if (!fs::exists(fs::path(run.dir) / "alive.lock", ec)) {
      dead.push_back(run.id);
      continue;
    }
    PINRIG_TRY(lock, FileLock::try_acquire(fs::path(run.dir) / "alive.lock"));
    if (lock) dead.push_back(run.id);
  }
  // A full disk must not stand between people and what was measured before.
  if (auto marked = store.mark_interrupted(dead);
      marked.has_error() && marked.error().kind != ErrorKind::disk_full)
    return std::move(marked).error();
  return store;
}

}  // namespace pinrig::run
