// SPDX-License-Identifier: GPL-2.0
#include "run/resume.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "run/coverage.h"
#include "run/leftovers.h"
#include "run/record.h"
#include "vm/accel.h"

namespace pinrig::run {
namespace {

bool ended(const store::GuestRow& guest) {
  return guest.outcome && guest.outcome->kind != model::JobOutcome::Kind::cancelled;
}

/// The row that RunRecord::begin() wrote.
store::GuestRow planned(const store::GuestRow& guest) {
  store::GuestRow row;
  row.run_id = guest.run_id;
  row.kernel_id = guest.kernel_id;
  row.id = guest.id;
  row.reason = guest.reason;
  row.machine = guest.machine;
  row.planned = guest.planned;
  return row;
}

store::KernelRow planned(const store::KernelRow& kernel) {
  store::KernelRow row;
  row.run_id = kernel.run_id;
  row.id = kernel.id;
  row.point = kernel.point;
  row.is_tip = kernel.is_tip;
  row.arch = kernel.arch;
  row.config = kernel.config;
  row.dir = kernel.dir;
  return row;
}

Error is_alive(const store::RunRow& run) {
  const auto holder = lock_holder(fs::path(run.dir) / "alive.lock");
  return make_error(ErrorKind::bad_usage,
                    fmt::format("run {} is still running: {}", run.id, to_string(holder)),
                    "wait for its end, or interrupt it (Ctrl-C, SIGTERM)");
}

/// `--test touched` was decided when the run began: what stored runs know has changed since.
void keep_tests(Inputs& in, const std::vector<std::string>& tests, bool coverage) {
  if (!in.touched) return;
  in.touched = false;
  in.coverage = coverage;
  in.spec.suites = tests;
  in.spec.suites_where.clear();
}

/// Under another accelerator the rest of a run would be another run.
Result<void> check_same_accel(const Inputs& in, const std::vector<store::KernelRow>& kernels,
                              const std::vector<store::GuestRow>& guests, const Services& s) {
  if (in.spec.accel != model::Accel::automatic) return {};
  std::map<std::string, model::Arch> arch_of;
  for (const auto& k : kernels) arch_of[k.id] = k.arch;
  std::set<model::Arch> seen;
  for (const auto& g : guests) {
    if (!ended(g) || g.accel.empty() || !seen.insert(arch_of[g.kernel_id]).second) continue;
    const auto arch = arch_of[g.kernel_id];
    PINRIG_TRY(probe, vm::probe_accel(arch, s.paths.project, s.paths.cache, s.cancel));
    const std::string now = to_string(probe.kvm_works ? model::Accel::kvm : model::Accel::tcg);
    if (now == g.accel) continue;
    return make_error(
        ErrorKind::bad_input,
        fmt::format("{} guests run under {} now, guest {} ran under {}", to_string(arch), now, g.id, g.accel),
        "start the run again with --again");
  }
  return {};
}

/// What resume() says before it starts.
void say(const store::RunRow& run, const std::vector<store::GuestRow>& guests, const Remainder& rest,
         job::Observer& observer) {
  const std::size_t begun = rest.guests.size();
  const std::size_t kept = rest.kept.guests.size();
  observer.on({.kind = Event::Kind::line,
               .task = "--resume",
               .text = fmt::format("run {}: {} of {} kept, {} over, {} not begun", run.id, kept,
                                   count_of(guests.size(), "guest"),
                                   begun == 1 ? "1 starts" : fmt::format("{} start", begun),
                                   guests.size() - kept - begun)});
}

struct Loaded {
  Inputs inputs;
  Sources sources;
  plan::Plan plan;
};

/// Everything that the run was made of, as it is now.
Result<Loaded> load(const RecordedRun& recorded, const Services& services) {
  Loaded out;
  PINRIG_TRY(inputs, load_inputs(services.paths.project, recorded.options));
  out.inputs = std::move(inputs);
  PINRIG_CHECK(check_programs(out.inputs));
  PINRIG_CHECK(check_accel(out.inputs, services));
  PINRIG_TRY(sources, fetch_sources(out.inputs, services));
  out.sources = std::move(sources);
  keep_tests(out.inputs, recorded.tests, recorded.coverage);
  PINRIG_CHECK(check_gcov(out.inputs));
  PINRIG_TRY(plan, plan_run(out.inputs, out.sources));
  out.plan = std::move(plan);
  return out;
}

Result<void> check_unchanged(const store::RunRow& run, const std::string& then, const std::string& now) {
  PINRIG_TRY(changes, run_changes(then, now));
  if (changes.empty()) return {};
  return make_error(
      ErrorKind::bad_input,
      fmt::format("run {} cannot go on: what it is made of is not what it was\n  {}", run.id,
                  join(changes, "\n  ")),
      fmt::format("put that back, or start again with what there is now: pinrig run --again {}", run.id));
}

}  // namespace

Remainder remainder_of(const std::vector<store::KernelRow>& kernels,
                       const std::vector<store::GuestRow>& guests) {
  using store::KernelState;
  Remainder out;
  for (const auto& k : kernels) {
    if (k.state == KernelState::cancelled) out.kernels.push_back(planned(k));
    if (k.state != KernelState::cancelled && k.state != KernelState::planned) out.kept.kernels[k.id] = k;
  }
  for (const auto& g : guests) {
    if (ended(g)) out.kept.guests.insert(g.id);
    if (g.outcome && !ended(g)) out.guests.push_back(planned(g));
  }
  return out;
}

Result<FileLock> claim_run(const store::Store& store, const store::RunRow& run) {
  std::error_code ec;
  if (!fs::is_directory(run.dir, ec))
    return make_error(ErrorKind::bad_usage, fmt::format("run {}: its folder {} is gone", run.id, run.dir),
                      "start it again with `pinrig run`");
  PINRIG_TRY(lock, FileLock::try_acquire(fs::path(run.dir) / "alive.lock"));
  if (!lock) return is_alive(run);
  // Another process may have finished it before this one had the lock.
  PINRIG_TRY(now, store.find_run(run.id));
  if (now && now->state == store::RunState::interrupted) return lock;
  return make_error(
      ErrorKind::bad_usage,
      fmt::format("run {} is complete (exit code {}): nothing is left to do", run.id,
                  now ? now->exit_code : run.exit_code),
      fmt::format("`pinrig show {0}` has its report, `pinrig run --again {0}` repeats it", run.id));
}

Result<RunEnd> resume(const std::string& id, const Services& services, const std::function<void()>& tick) {
  PINRIG_CHECK(check_place(services.paths.cache, "PINRIG_CACHE"));
  PINRIG_TRY(store, open_store(services.paths));
  PINRIG_TRY(found, store.find_run(id));
  if (!found) return make_error(ErrorKind::bad_usage, "no run " + id, "`pinrig list` lists the runs");
  const auto& run = *found;
  PINRIG_TRY(alive, claim_run(store, run));
  const fs::path file = fs::path(run.dir) / "run.json";
  PINRIG_TRY(recorded, read_run_file(file));
  PINRIG_TRY(then, read_file(file));
  PINRIG_CHECK(check_store_version(then, file));
  PINRIG_TRY(loaded, load(recorded, services));
  const auto& [inputs, sources, plan] = loaded;
  PINRIG_CHECK(check_unchanged(run, then, run_to_json(recorded.options, inputs, sources, plan, services)));
  PINRIG_TRY(kernels, store.kernels(run.id));
  PINRIG_TRY(guests, store.guests(run.id));
  PINRIG_CHECK(check_same_accel(inputs, kernels, guests, services));
  const auto rest = remainder_of(kernels, guests);
  say(run, guests, rest, services.observer);
  PINRIG_TRY(record, RunRecord::resume(std::move(store), run, std::move(alive), rest.kernels, rest.guests));
  return carry_out({inputs, sources, plan}, services, record, tick,
                   real_stages(inputs, sources, plan, services), rest.kept);
}

}  // namespace pinrig::run
