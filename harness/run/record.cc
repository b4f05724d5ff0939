// SPDX-License-Identifier: GPL-2.0
#include "run/record.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>
#include <random>

#include "base/capacity.h"
#include "kconfig/fragment.h"
#include "verdict/known.h"
#include "vm/qemu_args.h"

namespace pinrig::run {
namespace {

using model::JobOutcome;

std::string new_id() {
  std::random_device random;
  return fmt::format("{:%Y%m%d-%H%M%S}-{:04x}", fmt::gmtime(std::time(nullptr)), random() & 0xffff);
}

std::string host_facts() {
  utsname u = {};
  ::uname(&u);
  return nlohmann::json{{"cpus", usable_cpus()}, {"kernel", u.release}, {"machine", u.machine}}.dump();
}

ExitCode code_of(const JobOutcome& o) {
  switch (o.kind) {
    case JobOutcome::Kind::completed:
      return ExitCode::ok;
    case JobOutcome::Kind::apply_failed:
    case JobOutcome::Kind::build_failed:
      return ExitCode::build;
    case JobOutcome::Kind::boot_failed:
    case JobOutcome::Kind::panicked:
    case JobOutcome::Kind::timed_out:
    case JobOutcome::Kind::no_output:
      return ExitCode::ok;  // findings about the kernel: their verdicts speak
    case JobOutcome::Kind::infra_error:
      return ExitCode::harness;
    case JobOutcome::Kind::cancelled:
      return ExitCode::interrupted;
  }
  return ExitCode::harness;
}

std::vector<model::TestVerdict> verdicts_of(const std::vector<store::VerdictRow>& rows) {
  std::vector<model::TestVerdict> out;
  for (const auto& r : rows) out.push_back(r.verdict);
  return out;
}

store::JobRow common_row(const std::string& run_id, const RecordedCell& recorded) {
  const model::Cell& cell = recorded.cell;
  store::JobRow row;
  row.run_id = run_id;
  row.cell_id = cell.id;
  row.point = cell.point;
  row.is_tip = recorded.is_tip;
  row.arch = cell.arch;
  row.config = cell.config;
  row.machine = cell.machine.name + (cell.reason.empty() ? "" : fmt::format(" ({})", cell.reason));
  return row;
}

std::vector<std::string> names_of(const std::vector<model::TestSpec>& tests) {
  std::vector<std::string> out;
  for (const auto& t : tests) out.push_back(t.name);
  return out;
}

std::vector<std::string> names_of(const std::vector<model::Suite>& suites) {
  std::vector<std::string> out;
  for (const auto& s : suites) {
    for (const auto& t : s.tests) out.push_back(t.name);
  }
  return out;
}

// The test that reports every capability there is; others report those they use.
bool probes_all(const model::Cell& cell) {
  return std::any_of(cell.tests.begin(), cell.tests.end(),
                     [](const auto& t) { return t.name == "pins/capabilities"; });
}

// What the run and its series say, and whether this guest is as they say.
std::vector<std::string> unmet_in(const RecordedCell& recorded, const Inputs& in, const Judged& judged,
                                  const verdict::Knowledge& known,
                                  std::vector<model::TestVerdict>& verdicts) {
  const model::Cell& cell = recorded.cell;
  std::vector<model::Expectation> expect = in.spec.expect;
  if (in.series) expect.insert(expect.begin(), in.series->expect.begin(), in.series->expect.end());
  const verdict::Share share{names_of(cell.tests), recorded.chosen, names_of(in.suites), recorded.is_main()};
  auto unmet = verdict::apply_expectations(verdicts, verdict::share_of(expect, share), cell.point,
                                           recorded.is_tip, cell.arch);
  verdict::judge_skips(verdicts, known);
  // Patches may be there to change what a kernel can do; what they leave alone is still required of it, as
  // far as it could be probed.
  const bool is_base = cell.point.number == 0;
  auto required = known.capabilities;
  for (const auto& [name, value] :
       in.series && !is_base ? in.series->capabilities : std::map<std::string, std::string>())
    required.erase(name);
  // What could not be probed is a skip, and judged as one.
  auto differ = verdict::check_capabilities(required, judged.judgement.capabilities, false);
  unmet.insert(unmet.end(), differ.begin(), differ.end());
  if (in.series && recorded.is_tip) {
    differ =
        verdict::check_capabilities(in.series->capabilities, judged.judgement.capabilities, probes_all(cell));
    unmet.insert(unmet.end(), differ.begin(), differ.end());
  }
  // Tests skip what they do not find: a series that breaks a driver must not end green because of that.
  for (const auto& p : judged.guest.setup_problems)
    unmet.push_back("the guest is not the machine that was asked for: " + p);
  return unmet;
}

}  // namespace

ExitCode fold(ExitCode a, ExitCode b) {
  static constexpr std::array order{ExitCode::ok, ExitCode::harness, ExitCode::build, ExitCode::regressions,
                                    ExitCode::interrupted};
  const auto rank = [](ExitCode c) { return std::find(order.begin(), order.end(), c) - order.begin(); };
  return rank(a) > rank(b) ? a : b;
}

RunRecord::RunRecord(store::Store store, store::RunRow row, FileLock alive)
    : store_(std::move(store)), row_(std::move(row)), alive_(std::move(alive)) {}

Result<RunRecord> RunRecord::begin(store::Store store, const Inputs& in, const Services& s) {
  store::RunRow row;
  row.id = new_id();
  row.spec = in.spec.name + (in.has_faults ? store::with_faults : "");
  row.base = in.base.name;
  row.series = in.series ? in.series->name : "";
  row.started = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
  row.state = "running";
  row.dir = s.paths.state / "runs" / row.id;
  row.host = host_facts();
  PINRIG_CHECK(make_dirs(row.dir));
  PINRIG_TRY(alive, FileLock::try_acquire(fs::path(row.dir) / "alive.lock"));
  PINRIG_CHECK(store.begin_run(row));
  return RunRecord(std::move(store), std::move(row), std::move(alive));
}

Result<ExitCode> RunRecord::add(const RecordedCell& recorded, const Inputs& in,
                                const kbuild::Artifact& kernel, const Platform& platform,
                                const Judged& judged) {
  const model::Cell& cell = recorded.cell;
  auto job = common_row(row_.id, recorded);
  auto verdicts = judged.judgement.verdicts;
  PINRIG_TRY(config, read_file(kernel.config));
  const auto known =
      verdict::knowledge_of(in.requirements, in.known_issues,
                            {in.base.name, recorded.version, cell.arch, kconfig::parse_config(config)});
  const auto unmet = unmet_in(recorded, in, judged, known, verdicts);
  for (auto& line : verdict::apply_known_issues(verdicts, known, cell.point.number > 0))
    job.notes.push_back(std::move(line));
  job.accel = to_string(platform.accel);
  if (platform.accel == model::Accel::tcg && !platform.probe.kvm_works)
    job.accel_reason = "KVM does not work here: " + platform.probe.kvm_detail;
  job.cpu_model = vm::cpu_model(cell.arch, platform.accel);
  job.kernel_key = kernel.key;
  job.kernel_release = judged.guest.hello.release;
  job.outcome = judged.judgement.outcome;
  job.build_wall_s = kernel.wall_s;
  job.build_cached = kernel.was_cached;
  job.boot_s = judged.guest.boot_s;
  job.wall_s = judged.guest.wall_s;
  job.dir = cell_dir(cell);
  job.capabilities = judged.judgement.capabilities;
  for (const auto& w : kernel.warnings) job.notes.push_back("compiler warning: " + w);
  if (const auto& hello = judged.guest.hello; !hello.release.empty() && !hello.counters)
    job.notes.push_back(
        "pin counters not available in this kernel (nr_foll_pin_* of /proc/vmstat, since 5.7): no leak can "
        "be "
        "seen, and tests that claim pages count as skipped");
  for (const auto& p : judged.guest.problems) job.notes.push_back("guest: " + p);
  job.unmet = unmet;
  auto rows = verdict_rows(judged);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i].verdict = verdicts[i];
  const bool all_expected = unmet.empty() && std::all_of(verdicts.begin(), verdicts.end(),
                                                         [](const auto& v) { return v.expected; });
  const ExitCode outcome = code_of(job.outcome);
  const std::lock_guard lock(*mutex_);
  PINRIG_CHECK(store_.add_job(job, rows, judged.guest.facts.events));
  // With an infrastructure error the verdicts are errors of ours, not regressions of the kernel.
  if (outcome != ExitCode::ok) return outcome;
  return all_expected && !verdicts.empty() ? ExitCode::ok : ExitCode::regressions;
}

Result<ExitCode> RunRecord::add_failed(const RecordedCell& recorded, const Error& error) {
  const model::Cell& cell = recorded.cell;
  auto job = common_row(row_.id, recorded);
  job.outcome = outcome_of_error(error);
  if (!error.hint.empty()) job.notes.push_back(error.hint);
  job.dir = cell_dir(cell);
  std::vector<store::VerdictRow> rows;
  for (const auto& t : cell.tests) {
    store::VerdictRow row;
    row.verdict.test = t.name;
    row.verdict.verdict = model::Verdict::missing;
    row.verdict.detail = to_string(job.outcome.kind);
    rows.push_back(std::move(row));
  }
  const std::lock_guard lock(*mutex_);
  PINRIG_CHECK(store_.add_job(job, rows, {}));
  return code_of(job.outcome);
}

Result<ExitCode> RunRecord::weigh_against_base() {
  const std::lock_guard lock(*mutex_);
  PINRIG_TRY(jobs, store_.jobs(row_.id));
  ExitCode code = ExitCode::ok;
  for (const auto& base : jobs) {
    if (base.point.number != 0) continue;
    PINRIG_TRY(base_rows, store_.verdicts(row_.id, base.cell_id));
    for (const auto& job : jobs) {
      if (job.arch != base.arch || job.point.number == 0) continue;
      PINRIG_TRY(rows, store_.verdicts(row_.id, job.cell_id));
      auto verdicts = verdicts_of(rows);
      if (verdict::weigh_against_base(verdicts, verdicts_of(base_rows)) == 0) continue;
      for (std::size_t i = 0; i < rows.size(); ++i) rows[i].verdict = verdicts[i];
      PINRIG_TRY(events, store_.events(row_.id, job.cell_id));
      PINRIG_CHECK(store_.add_job(job, rows, events));
      code = ExitCode::regressions;
    }
  }
  return code;
}

Result<void> RunRecord::finish(const std::string& state, ExitCode code) {
  const std::lock_guard lock(*mutex_);
  return store_.finish_run(row_.id, state, static_cast<int>(code));
}

}  // namespace pinrig::run
