// SPDX-License-Identifier: GPL-2.0
#include "run/pipeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>

#include "base/text.h"
#include "job/raw_files.h"
#include "kbuild/artifact.h"
#include "run/coverage.h"
#include "run/holders.h"
#include "run/inherit.h"
#include "run/leftovers.h"
#include "run/locate.h"
#include "run/record.h"
#include "run/scheduler.h"

namespace pinrig::run {
namespace {

using job::Platform;

// A guest that becomes ready goes before the next build: the first verdicts come early.
constexpr int guest_priority = 2;
constexpr int platform_priority = 1;

// The tasks of one run and what they hand to each other. Tasks that depend on each other never run at the
// same time, and each writes only its own slot, so the slots need no lock.
class Pipeline {
 public:
  Pipeline(const Inputs& in, const Sources& sources, const plan::Plan& plan, const Services& services,
           const Stages& stages, const Kept& kept)
      : in_(in),
        sources_(sources),
        plan_(plan),
        services_(services),
        stages_(stages),
        kept_(kept),
        states_(plan.kernels.size()),
        codes_(plan.kernels.size()),
        coverage_(sources, plan, services) {}

  // Builds every kernel; with a record also runs and judges its guests. The error is one that could not even
  // be written down (a full disk, a broken database).
  std::optional<Error> run(RunRecord* record, const std::function<void()>& tick) {
    record_ = record;
    for (std::size_t i = 0; i < plan_.kernels.size(); ++i) add_kernel(i);
    run_tasks(tasks_, machine_budget(), services_.cancel, tick);
    if (record_ != nullptr) note(coverage_.write(record_->dir()));
    return lost_;
  }

  struct KernelSlot {
    std::optional<Error> error;
    std::optional<job::Built> built;
    std::string inherits;  ///< id of the kernel of an earlier point with the same code
  };
  const KernelSlot& state(std::size_t i) const { return states_[i]; }

 private:
  struct PlatformSlot {
    std::size_t task;
    std::optional<Result<Platform>> platform;
  };

  void add_platform(model::Arch arch) {
    auto& slot = platforms_[arch];
    slot.task = tasks_.size();
    // A later architecture's guest programs wait for the kernels of the one before: the first verdict needs
    // neither them nor the CPU that they would take from its kernel, and they are compiled while its guests
    // run.
    std::vector<TaskId> after;
    if (last_build_) after.push_back(*last_build_);
    tasks_.push_back({.name = fmt::format("image {}", to_string(arch)),
                      .priority = platform_priority,
                      .after = std::move(after),
                      .body = [this, arch, &slot] {
                        slot.platform = stages_.platform(arch);
                        if (slot.platform->has_error())
                          services_.observer.on({.kind = Event::Kind::end,
                                                 .task = to_string(arch),
                                                 .what = "image",
                                                 .text = slot.platform->error().message,
                                                 .ok = false});
                      }});
  }

  void add_kernel(std::size_t i) {
    const model::Kernel& kernel = plan_.kernels[i];
    if (ended(kernel)) return add_ended(i);
    if (!platforms_.contains(kernel.arch)) add_platform(kernel.arch);
    // One build at a time, in the order of the plan: they share a worktree, and the first verdict comes
    // sooner than if all were built at once. A guest may run in parallel with a build.
    std::vector<TaskId> after{platforms_.at(kernel.arch).task};
    if (last_build_) after.push_back(*last_build_);
    const std::size_t build = tasks_.size();
    last_build_ = build;
    Task task = build_task("build " + kernel.id, services_.jobs);
    task.after = std::move(after);
    task.body = [this, i] { build_kernel(i); };
    tasks_.push_back(std::move(task));
    if (record_ == nullptr) return;
    for (const auto& guest : kernel.guests) {
      if (kept_.guests.contains(guest.id)) continue;
      tasks_.push_back({.name = "guest " + guest.id,
                        .milli_cpus = guest_milli_cpus(guest.machine.cpus),
                        .memory = std::uint64_t(guest.machine.memory_mib) << 20,
                        .priority = guest_priority,
                        .after = {build},
                        .body = [this, i, &guest] { guest_task(i, guest); }});
    }
  }

  /// The row of a kernel that the run had before it was interrupted; null: it had none, or starts over.
  const store::KernelRow* kept_row(const model::Kernel& kernel) const {
    const auto it = kept_.kernels.find(kernel.id);
    return it == kept_.kernels.end() ? nullptr : &it->second;
  }

  /// Nothing is left to do for it, in a run that was interrupted. What it counted is still to be read, by the
  /// gcov of its artifact.
  bool ended(const model::Kernel& kernel) const {
    const auto* row = kept_row(kernel);
    if (row == nullptr) return false;
    if (row->state != store::KernelState::built || !row->inherits.empty()) return true;
    if (plan_.counting.contains(kernel.id)) return false;
    return std::all_of(kernel.guests.begin(), kernel.guests.end(),
                       [&](const auto& g) { return kept_.guests.contains(g.id); });
  }

  /// Later points with its code still have its results, as long as the cache has its artifact.
  void add_ended(std::size_t i) {
    const auto& row = *kept_row(plan_.kernels[i]);
    states_[i].inherits = row.inherits;
    if (row.state != store::KernelState::built) return;
    const auto artifact = kbuild::find_artifact(services_.paths.cache, row.key, {});
    if (!artifact) return;
    if (auto code = stages_.code(*artifact); code.has_value()) codes_[i] = std::move(*code);
  }

  void say_failed(const std::string& id, const Error& error, const char* what) {
    const bool cancelled = error.kind == ErrorKind::cancelled;
    if (!cancelled)
      services_.observer.on({.kind = Event::Kind::warning, .task = id, .what = what, .text = error.message});
    services_.observer.on({.kind = Event::Kind::end,
                           .task = id,
                           .what = what,
                           .text = cancelled ? "interrupted" : "failed",
                           .ok = false});
  }

  void note(const Result<void>& written) {
    if (written.has_value()) return;
    const std::lock_guard lock(mutex_);
    if (!lost_) lost_ = written.error();
  }

  void build_kernel(std::size_t i) {
    const model::Kernel& kernel = plan_.kernels[i];
    if (const auto& f = sources_.series.failure; f && kernel.point.number >= f->number)
      return not_applied(i, *f);
    const auto& platform = *platforms_.at(kernel.arch).platform;
    if (platform.has_error()) return platform_failed(i, platform.error());
    services_.observer.on({.kind = Event::Kind::begin, .task = kernel.id, .what = "build"});
    auto built = stages_.build(kernel, *platform);
    if (built.has_value()) built = same_as_kept(kernel, std::move(*built));
    if (built.has_error()) return build_failed(i, built.error(), true);
    states_[i].built = std::move(*built);
    const auto& k = states_[i].built->kernel;
    if (record_ != nullptr) find_equal(i);
    const std::string& same = states_[i].inherits;
    services_.observer.on({.kind = Event::Kind::end,
                           .task = kernel.id,
                           .what = "build",
                           .text = (k.was_cached ? "cached "
                                                 : fmt::format("{} ({} CPU)  ", human_seconds(k.wall_s),
                                                               human_seconds(k.cpu_s))) +
                                   k.key.substr(0, 12) + same_words(kernel, k, same)});
    say_warnings(kernel, k);
    if (record_ == nullptr) return;
    if (kept_row(kernel) == nullptr) note(record_->kernel_built(kernel, k, same));
    if (plan_.counting.contains(kernel.id)) add_kept_coverage(i);
  }

  /// Guests that ended ran a kernel with this key; the others have to run the same one.
  Result<job::Built> same_as_kept(const model::Kernel& kernel, job::Built built) const {
    const auto* row = kept_row(kernel);
    if (row == nullptr || row->key == built.kernel.key) return built;
    return make_error(
        ErrorKind::infra,
        fmt::format("the kernel {} has the key {} now, it was {}: what it is built with changed", kernel.id,
                    built.kernel.key, row->key),
        "start the run again with --again");
  }

  /// ", no code change: results of base-x86_64"
  std::string same_words(const model::Kernel& kernel, const kbuild::Artifact& artifact,
                         const std::string& same) const {
    if (same.empty()) return "";
    const auto number = static_cast<std::size_t>(kernel.point.number);
    const auto& patches = sources_.series.patches;
    const bool all = number > 0 && number <= patches.size() &&
                     model::unbuilt_of(patches[number - 1].files, artifact.unbuilt).all;
    return (all ? ", nothing of the patch was built: results of " : ", no code change: results of ") + same;
  }

  void say_warnings(const model::Kernel& kernel, const kbuild::Artifact& artifact) {
    const auto say = [&](const std::string& text) {
      services_.observer.on({.kind = Event::Kind::warning, .task = kernel.id, .text = text});
    };
    for (const auto& w : artifact.warnings) say("compiler warning: " + w);
    for (const auto& w : artifact.sparse) say("new warning: " + w);
    // Each point has those of the patches before it, too. There is one build at a time.
    const auto say_once = [&](const std::string& text) {
      if (said_.insert(kernel.config.name + " " + to_string(kernel.arch) + " " + text).second) say(text);
    };
    for (const auto& file : artifact.untested) say_once(file);
    for (const auto& u : artifact.unbuilt) say_once(u.file + ": not built: " + u.why);
  }

  /// An equal kernel would only be booted again. Kernels of one architecture are built in the order of their
  /// points.
  void find_equal(std::size_t i) {
    const auto code = stages_.code(states_[i].built->kernel);
    if (code.has_error()) return;
    codes_[i] = *code;
    const auto equal = equal_before(plan_.kernels, codes_, i, states_capabilities());
    if (equal) states_[i].inherits = plan_.kernels[*equal].id;
  }

  bool states_capabilities() const { return in_.series && !in_.series->capabilities.empty(); }

  /// The reason was said when the series was read.
  void not_applied(std::size_t i, const git::ApplyFailure& failure) {
    services_.observer.on({.kind = Event::Kind::end,
                           .task = plan_.kernels[i].id,
                           .what = "apply",
                           .text = fmt::format("patch {} does not apply", failure.number),
                           .ok = false});
    build_failed(i, git::to_error(failure), false);
  }

  // Said once, by the task that prepared the platform.
  void platform_failed(std::size_t i, const Error& error) {
    states_[i].error = error;
    if (kept_row(plan_.kernels[i]) != nullptr && error.kind == ErrorKind::cancelled) return;
    if (record_ != nullptr) note(record_->platform_failed(plan_.kernels[i], error));
  }

  void build_failed(std::size_t i, const Error& error, bool say) {
    if (say) say_failed(plan_.kernels[i].id, error, "build");
    states_[i].error = error;
    // One that some of its guests ran was built: interrupted again, it still is.
    if (kept_row(plan_.kernels[i]) != nullptr && error.kind == ErrorKind::cancelled) return;
    if (record_ != nullptr) note(record_->kernel_failed(plan_.kernels[i], error));
  }

  void guest_task(std::size_t i, const model::Guest& guest) {
    const model::Kernel& kernel = plan_.kernels[i];
    if (states_[i].error || !states_[i].inherits.empty()) return;  // the kernel's row says why
    auto result = run_guest(i, guest);
    if (result.has_value()) locate(i, *result);
    const auto recorded =
        result.has_value()
            ? record_->guest_ended(kernel, guest, **platforms_.at(kernel.arch).platform, *result)
            : record_->guest_failed(kernel, guest, result.error());
    note(recorded);
    if (result.has_value()) add_coverage(i, *result);
    if (result.has_error()) return say_failed(guest.id, result.error(), "guest");
    if (recorded.has_error()) return say_failed(guest.id, recorded.error(), "guest");
    services_.observer.on(
        {.kind = Event::Kind::end,
         .task = guest.id,
         .what = "guest",
         .text = fmt::format("{}: {}, boot {}  {}", to_string(result->outcome.kind),
                             count_of(guest.tests.size(), "test"), human_seconds(result->guest.boot_s),
                             human_seconds(result->guest.wall_s)),
         .ok = result->outcome.kind == model::JobOutcome::Kind::completed});
  }

  /// Without source lines a report is still a report.
  void locate(std::size_t i, job::GuestResult& result) {
    const model::Kernel& kernel = plan_.kernels[i];
    const auto done = locate_frames(kernel, states_[i].built->kernel.vmlinux, sources_, services_,
                                    result.guest.facts.events);
    if (done.has_error() && done.error().kind != ErrorKind::cancelled)
      services_.observer.on({.kind = Event::Kind::warning,
                             .task = kernel.id,
                             .what = "source lines",
                             .text = done.error().message});
  }

  void add_coverage(std::size_t i, const job::GuestResult& result) {
    const model::Kernel& kernel = plan_.kernels[i];
    const auto added = coverage_.add(kernel, states_[i].built->kernel, result);
    if (added.has_value() || added.error().kind == ErrorKind::cancelled) return;
    services_.observer.on(
        {.kind = Event::Kind::warning, .task = kernel.id, .what = "coverage", .text = added.error().message});
    note(added);
  }

  Result<job::GuestResult> run_guest(std::size_t i, const model::Guest& guest) {
    const model::Kernel& kernel = plan_.kernels[i];
    const Platform& platform = **platforms_.at(kernel.arch).platform;
    services_.observer.on({.kind = Event::Kind::begin, .task = guest.id, .what = "guest", .text = "boot"});
    return stages_.guest(kernel, guest, *states_[i].built, platform, record_->id(),
                         record_->guest_dir(guest));
  }

  /// Of guests that ended before the run was interrupted.
  void add_kept_coverage(std::size_t i) {
    for (const auto& guest : plan_.kernels[i].guests) {
      if (!kept_.guests.contains(guest.id)) continue;
      const auto dir = record_->guest_dir(guest);
      const auto text = read_file(dir / "job.json");
      if (text.has_error()) continue;  // it failed before it booted, and counted nothing
      const auto spec = model::job_from_json(*text, (dir / "job.json").string());
      if (spec.has_error()) return note(spec.error());
      auto left = job::read_leftovers(*spec, dir);
      if (left.has_error()) return note(left.error());
      job::GuestResult result;
      result.guest = std::move(*left);
      add_coverage(i, result);
    }
  }

  const Inputs& in_;
  const Sources& sources_;
  const plan::Plan& plan_;
  const Services& services_;
  const Stages& stages_;
  const Kept& kept_;
  RunRecord* record_ = nullptr;
  std::deque<KernelSlot> states_;
  std::vector<std::string> codes_;  ///< kbuild::code_of() each kernel; empty: not asked for, or not known
  std::map<model::Arch, PlatformSlot> platforms_;
  std::vector<Task> tasks_;
  std::optional<std::size_t> last_build_;
  std::set<std::string> said_;  ///< warnings that are true at every later point as well
  CoverageRecord coverage_;
  std::mutex mutex_;
  std::optional<Error> lost_;
};

/// Of a run that is over: what goes wrong here changes nothing about its results.
void add_holders(const std::string& run_id, const Services& services) {
  const auto explained = [&]() -> Result<void> {
    PINRIG_TRY(store, open_store(services.paths));
    PINRIG_TRY(row, store.find_run(run_id));
    if (row) PINRIG_CHECK(explain_leaks(store, *row, services));
    return {};
  }();
  if (explained.has_value() || explained.error().kind == ErrorKind::cancelled) return;
  services.observer.on(
      {.kind = Event::Kind::warning, .task = "--holders", .text = explained.error().message});
}

}  // namespace

Result<RunEnd> carry_out(const Work& work, const Services& services, RunRecord& record,
                         const std::function<void()>& tick, const Stages& stages, const Kept& kept) {
  Pipeline pipeline(work.inputs, work.sources, work.plan, services, stages, kept);
  const auto lost = pipeline.run(&record, tick);
  PINRIG_TRY(code, record.finish(services.cancel.requested(), work.inputs));
  if (work.inputs.holders && !services.cancel.requested()) add_holders(record.id(), services);
  // What could not be written down is still not lost on the exit code.
  return RunEnd{record.id(), lost ? assess::fold(code, exit_code_of(lost->kind)) : code};
}

Result<RunEnd> execute(const RunOptions& options, const Services& services, const std::function<void()>& tick,
                       const RecordedRun* earlier) {
  PINRIG_TRY(inputs, load_inputs(services.paths.project, options));
  PINRIG_CHECK(check_programs(inputs));
  PINRIG_CHECK(check_place(services.paths.state, "PINRIG_STATE"));
  PINRIG_CHECK(check_place(services.paths.cache, "PINRIG_CACHE"));
  PINRIG_CHECK(check_accel(inputs, services));
  PINRIG_TRY(store, open_store(services.paths));
  PINRIG_TRY(sources, fetch_sources(inputs, services));
  if (earlier != nullptr) {
    for (const auto& change : source_changes(*earlier, sources))
      services.observer.on({.kind = Event::Kind::warning, .task = "--again", .text = change});
  }
  PINRIG_CHECK(choose_touched(inputs, sources, store, services));
  PINRIG_CHECK(check_gcov(inputs));
  PINRIG_TRY(plan, plan_run(inputs, sources));
  // Of a bisection or a proof such a point has no answer, which is theirs to judge.
  if (options.purpose.empty()) PINRIG_CHECK(check_named_tests(inputs, sources, plan, services));
  for (const auto& note : plan.notes) services.observer.on({.kind = Event::Kind::line, .text = note});
  // `plan` and `build` end with it, a run goes on.
  if (const auto& f = sources.series.failure)
    services.observer.on({.kind = Event::Kind::warning, .task = "sources", .text = git::to_string(*f)});
  PINRIG_TRY(record, RunRecord::begin(std::move(store), options, inputs, sources, plan, services));
  return carry_out({inputs, sources, plan}, services, record, tick,
                   real_stages(inputs, sources, plan, services));
}

Result<Kernels> build_only(const RunOptions& options, const Services& services,
                           const std::function<void()>& tick) {
  PINRIG_TRY(inputs, load_inputs(services.paths.project, options));
  PINRIG_CHECK(check_gcov(inputs));
  PINRIG_TRY(sources, fetch_sources(inputs, services));
  PINRIG_TRY(plan, plan_run(inputs, sources));
  const auto stages = real_stages(inputs, sources, plan, services);
  const Kept nothing;
  Pipeline pipeline(inputs, sources, plan, services, stages, nothing);
  pipeline.run(nullptr, tick);
  Kernels out;
  for (std::size_t i = 0; i < plan.kernels.size(); ++i) {
    const auto& slot = pipeline.state(i);
    if (slot.built) {
      out.lines.push_back(fmt::format("{}  {}  {}", plan.kernels[i].id, slot.built->kernel.key,
                                      slot.built->kernel.dir.string()));
      out.built.push_back(slot.built->kernel);
    } else if (slot.error && !out.error) {
      out.error = slot.error;
    }
  }
  if (services.cancel.requested()) out.error = cancelled_error();
  return out;
}

}  // namespace pinrig::run
