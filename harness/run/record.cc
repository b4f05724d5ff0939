// SPDX-License-Identifier: GPL-2.0
#include "run/record.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/utsname.h>

#include <ctime>
#include <nlohmann/json.hpp>
#include <random>

#include "base/capacity.h"
#include "base/hash.h"
#include "run/assessment.h"
#include "run/inherit.h"
#include "run/run_file.h"
#include "vm/qemu_args.h"

namespace pinrig::run {
namespace {

using store::KernelState;

// Sorted by time for people; 32 bits from getrandom(2) tell the tasks of a cluster apart that start in one
// second.
std::string new_id() {
  std::random_device random;
  return fmt::format("{:%Y%m%d-%H%M%S}-{:08x}", fmt::gmtime(std::time(nullptr)), random() & 0xffffffff);
}

std::string host_facts() {
  utsname u = {};
  ::uname(&u);
  return nlohmann::json{{"cpus", usable_cpus()}, {"kernel", u.release}, {"machine", u.machine}}.dump();
}

store::KernelRow kernel_row(const std::string& run_id, const fs::path& dir, const model::Kernel& k) {
  store::KernelRow row;
  row.run_id = run_id;
  row.id = k.id;
  row.point = k.point;
  row.is_tip = k.is_tip;
  row.arch = k.arch;
  row.config = k.config;
  row.dir = dir;
  return row;
}

store::GuestRow planned_guest(const std::string& run_id, const std::string& kernel_id,
                              const model::Guest& g) {
  store::GuestRow row;
  row.run_id = run_id;
  row.kernel_id = kernel_id;
  row.id = g.id;
  row.reason = g.reason;
  row.machine = g.machine.name;
  row.planned = static_cast<int>(g.tests.size());
  return row;
}

/// Copies the output of a build to where the run is kept: the cache may be emptied at any time. Its new path,
/// or nothing when there was no such file.
Result<std::string> keep_build_log(const fs::path& log, const fs::path& dir) {
  std::error_code ec;
  if (!fs::is_regular_file(log, ec)) return std::string();
  PINRIG_CHECK(make_dirs(dir));
  PINRIG_CHECK(copy_sparse(log, dir / "build.log"));
  return (dir / "build.log").string();
}

KernelState state_of(const Error& error) {
  switch (error.kind) {
    case ErrorKind::apply_failed:
      return KernelState::apply_failed;
    case ErrorKind::build_failed:
    case ErrorKind::bad_input:
      return KernelState::build_failed;
    case ErrorKind::cancelled:
      return KernelState::cancelled;
    default:
      return KernelState::infra_error;
  }
}

/// Of a run that nobody interrupted: what has no end was lost on the way to results.db.
void nothing_was_cancelled(std::vector<assess::KernelFacts>& run) {
  for (auto& kernel : run) {
    if (kernel.build == assess::Build::cancelled) kernel.build = assess::Build::infra;
    for (auto& guest : kernel.guests) {
      if (!guest.outcome)
        guest.outcome = {model::JobOutcome::Kind::infra_error, model::Phase::none, "its end was not stored"};
    }
  }
}

/// Its configuration, and the path of its build log, or nothing when it has none.
Result<std::string> keep_files(const kbuild::Artifact& artifact, const fs::path& dir) {
  PINRIG_CHECK(make_dirs(dir));
  PINRIG_TRY(config, read_file(artifact.config));
  PINRIG_CHECK(write_file_atomic(dir / "kernel.config", config));
  return keep_build_log(artifact.log, dir);
}

Result<void> write_series(store::Store& store, const std::string& run, const git::AppliedSeries& series) {
  const auto& id = series.identity;
  std::vector<store::PatchRow> patches;
  Sha256 all;
  for (std::size_t i = 0; i < series.subjects.size(); ++i) {
    store::PatchRow p;
    p.point = static_cast<int>(i) + 1;
    p.subject = series.subjects[i];
    if (i < series.patches.size()) {
      p.patch_id = series.patches[i].patch_id;
      p.commit = series.patches[i].commit;
      p.fit = series.patches[i].fit;
      p.files = series.patches[i].files;
    }
    if (i < id.message_ids.size()) p.message_id = id.message_ids[i];
    all.field(p.patch_id);
    patches.push_back(std::move(p));
  }
  return store.set_series({run, id.change_id, id.version, id.message_id, all.hex()}, patches);
}

}  // namespace

store::GuestRow guest_row(const std::string& run_id, const std::string& kernel_id, const model::Guest& guest,
                          const job::GuestResult& r) {
  auto row = planned_guest(run_id, kernel_id, guest);
  row.outcome = r.outcome;
  row.release = r.guest.hello.release;
  row.boot_s = r.guest.boot_s;
  row.wall_s = r.guest.wall_s;
  row.capabilities = r.capabilities;
  row.counters = r.guest.hello.release.empty() || r.guest.hello.counters;
  row.setup = r.guest.setup_problems;
  row.notes = r.guest.problems;
  return row;
}

std::vector<store::AttemptRow> attempt_rows(const job::GuestResult& r) {
  std::vector<store::AttemptRow> out;
  for (const auto& a : r.guest.attempts)
    out.push_back({a.number, a.outcome, a.boot_s, a.wall_s, a.dir, a.loss, a.evidence, a.dump});
  return out;
}

std::vector<model::AssessedResult> unassessed(std::vector<model::TestResult> results) {
  std::vector<model::AssessedResult> out;
  for (auto& r : results) out.push_back({std::move(r), std::nullopt});
  return out;
}

RunRecord::RunRecord(store::Store store, store::RunRow row, FileLock alive)
    : store_(std::move(store)), row_(std::move(row)), alive_(std::move(alive)) {}

Result<RunRecord> RunRecord::begin(store::Store store, const RunOptions& options, const Inputs& in,
                                   const Sources& sources, const plan::Plan& plan, const Services& s) {
  store::RunRow row;
  row.spec = in.spec.name;
  row.faults = in.has_faults;
  row.purpose = options.purpose;
  row.selection = selection_of(options);
  row.base = in.base.name;
  row.series = in.series ? in.series->name : "";
  row.started = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
  row.host = host_facts();
  PINRIG_TRY(dir, claim_dir(s.paths.state / "runs", new_id));
  row.id = dir.filename().string();
  row.dir = dir;
  PINRIG_TRY(alive, FileLock::try_acquire(fs::path(row.dir) / "alive.lock"));
  const fs::path file = fs::path(row.dir) / "run.json";
  PINRIG_CHECK(write_file_atomic(file, run_to_json(options, in, sources, plan, s)));
  // Before the row, which SQLite syncs: --resume needs the file of a run that results.db lists.
  PINRIG_CHECK(sync_to_disk(file));
  std::vector<store::KernelRow> kernels;
  std::vector<store::GuestRow> guests;
  for (const auto& k : plan.kernels) {
    kernels.push_back(kernel_row(row.id, fs::path(row.dir) / "kernels" / k.id, k));
    for (const auto& g : k.guests) guests.push_back(planned_guest(row.id, k.id, g));
  }
  PINRIG_CHECK(store.begin_run(row, kernels, guests));
  if (in.series) PINRIG_CHECK(write_series(store, row.id, sources.series));
  return RunRecord(std::move(store), std::move(row), std::move(alive));
}

Result<RunRecord> RunRecord::resume(store::Store store, store::RunRow run, FileLock alive,
                                    const std::vector<store::KernelRow>& kernels,
                                    const std::vector<store::GuestRow>& guests) {
  PINRIG_CHECK(store.resume_run(run.id, kernels, guests));
  run.state = store::RunState::running;
  ++run.resumed;
  RunRecord record(std::move(store), std::move(run), std::move(alive));
  // Also of a guest whose row was never written.
  PINRIG_TRY(rows, record.store_.guests(record.id()));
  for (const auto& row : rows) {
    std::error_code ec;
    const fs::path dir = fs::path(record.row_.dir) / "guests" / row.id;
    if (!row.outcome) fs::remove_all(dir, ec);
    if (ec) return errno_error("removing " + dir.string(), ec.value());
  }
  return record;
}

Result<void> RunRecord::kernel_built(const model::Kernel& kernel, const kbuild::Artifact& artifact,
                                     const std::string& inherits) {
  const auto dir = kernel_dir(kernel);
  auto row = kernel_row(row_.id, dir, kernel);
  row.state = KernelState::built;
  row.key = artifact.key;
  row.cached = artifact.was_cached;
  row.build_wall_s = artifact.wall_s;
  row.inherits = inherits;
  row.warnings = artifact.warnings;
  row.warnings.insert(row.warnings.end(), artifact.sparse.begin(), artifact.sparse.end());
  row.warnings.insert(row.warnings.end(), artifact.untested.begin(), artifact.untested.end());
  for (const auto& w : artifact.warnings) row.notes.push_back("compiler warning: " + w);
  for (const auto& w : artifact.sparse) row.notes.push_back("new warning: " + w);
  row.notes.insert(row.notes.end(), artifact.untested.begin(), artifact.untested.end());
  row.unbuilt = artifact.unbuilt;
  for (const auto& u : artifact.unbuilt) row.notes.push_back(fmt::format("{}: not built: {}", u.file, u.why));
  const auto log = keep_files(artifact, dir);
  if (log.has_value()) row.build_log = *log;
  PINRIG_CHECK(write([row](store::Store& s) { return s.update_kernel(row); }));
  if (log.has_error()) return log.error();
  return {};
}

Result<void> RunRecord::kernel_failed(const model::Kernel& kernel, const Error& error) {
  auto row = kernel_row(row_.id, kernel_dir(kernel), kernel);
  row.state = state_of(error);
  row.failure = job::outcome_of_error(error).detail;
  if (!error.hint.empty()) row.notes.push_back(error.hint);
  // Which kernel it is the row says; two of the same source then have the same reason.
  if (error.build && !error.build->file.empty()) row.failure = to_string(*error.build);
  return write_unbuilt(std::move(row), error, kernel_dir(kernel));
}

Result<void> RunRecord::platform_failed(const model::Kernel& kernel, const Error& error) {
  auto row = kernel_row(row_.id, kernel_dir(kernel), kernel);
  const bool programs = error.kind == ErrorKind::programs_failed;
  row.state = error.kind == ErrorKind::cancelled ? KernelState::cancelled
              : programs                         ? KernelState::programs_failed
                                                 : KernelState::guest_failed;
  row.failure = job::outcome_of_error(error).detail;
  if (!error.hint.empty()) row.notes.push_back(error.hint);
  if (error.build) row.failure = to_string(*error.build);
  // All kernels of an architecture were waiting for the same build.
  return write_unbuilt(std::move(row), error, fs::path(row_.dir) / "guest-programs" / to_string(kernel.arch));
}

Result<void> RunRecord::write_unbuilt(store::KernelRow row, const Error& error, const fs::path& log_dir) {
  Result<std::string> log = std::string();
  if (error.build) log = keep_build_log(error.build->log, log_dir);
  if (log.has_value()) row.build_log = *log;
  PINRIG_CHECK(write([row](store::Store& s) { return s.update_kernel(row); }));
  if (log.has_error()) return log.error();
  return {};
}

Result<void> RunRecord::guest_ended(const model::Kernel& kernel, const model::Guest& guest,
                                    const job::Platform& platform, const job::GuestResult& result) {
  auto row = guest_row(row_.id, kernel.id, guest, result);
  row.accel = to_string(platform.accel);
  if (platform.accel == model::Accel::tcg && !platform.probe.kvm_works)
    row.accel_reason = "KVM is not usable: " + platform.probe.kvm_detail;
  row.cpu_model = vm::cpu_model(kernel.arch, platform.accel);
  row.dir = guest_dir(guest);
  return write([row, attempts = attempt_rows(result), results = unassessed(result.results),
                events = result.guest.facts.events](store::Store& s) {
    return s.end_guest(row, attempts, results, events);
  });
}

Result<void> RunRecord::guest_failed(const model::Kernel& kernel, const model::Guest& guest,
                                     const Error& error) {
  auto row = planned_guest(row_.id, kernel.id, guest);
  row.outcome = job::outcome_of_error(error);
  if (!error.hint.empty()) row.notes.push_back(error.hint);
  row.dir = guest_dir(guest);
  return write([row](store::Store& s) { return s.end_guest(row, {}, {}, {}); });
}

Result<void> RunRecord::write(Write row) {
  const std::lock_guard lock(*mutex_);
  auto written = row(store_);
  if (written.has_error()) unwritten_.push_back(std::move(row));
  return written;
}

Result<ExitCode> RunRecord::finish(bool interrupted, const Inputs& inputs) {
  const std::lock_guard lock(*mutex_);
  // What was deleted meanwhile, or what SQLite freed, may be room enough; what still fails is said by the
  // task.
  std::erase_if(unwritten_, [&](const Write& row) { return row(store_).has_value(); });
  PINRIG_CHECK(inherit_results(store_, row_.id));
  PINRIG_TRY(facts, stored_facts(store_, row_));
  if (!interrupted) nothing_was_cancelled(facts.kernels);
  const auto assessment = assess::assess(facts.kernels, rulebook_of(inputs, row_.started));
  PINRIG_CHECK(store_.assess_run(row_.id, assessment.kernels));
  const ExitCode code = interrupted ? ExitCode::interrupted : assessment.code;
  PINRIG_CHECK(store_.finish_run(row_.id,
                                 interrupted ? store::RunState::interrupted : store::RunState::finished,
                                 static_cast<int>(code)));
  return code;
}

}  // namespace pinrig::run
