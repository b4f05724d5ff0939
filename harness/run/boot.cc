// SPDX-License-Identifier: GPL-2.0
#include "run/boot.h"

#include <fmt/format.h>

#include "base/text.h"
#include "job/guest_job.h"
#include "job/kernel.h"
#include "verdict/judge.h"

namespace pinrig::run {

Result<BootPlace> free_place(const fs::path& boots, const std::string& guest) {
  for (int n = 1;; ++n) {
    const std::string name = n == 1 ? guest : fmt::format("{}-{}", guest, n);
    PINRIG_TRY(lock, FileLock::try_acquire(boots / ("." + name + ".lock")));
    if (lock) return BootPlace{boots / name, std::make_shared<FileLock>(std::move(lock))};
  }
}

Result<ReadyJob> ready_boot(const RunOptions& options, const Services& services) {
  PINRIG_TRY(inputs, load_inputs(services.paths.project, options));
  PINRIG_CHECK(check_programs(inputs));
  PINRIG_CHECK(check_accel(inputs, services));
  PINRIG_TRY(sources, fetch_sources(inputs, services));
  PINRIG_TRY(plan, plan_run(inputs, sources));
  const model::Kernel& kernel = plan.kernels.front();
  const model::Guest& guest = kernel.guests.front();
  PINRIG_TRY(platform, job::prepare_platform(kernel.arch, inputs.spec.accel, services));
  services.observer.on({.kind = Event::Kind::begin, .task = kernel.id, .what = "build"});
  PINRIG_TRY(artifact, job::build_point(kernel, sources.base, sources.series, platform, services));
  services.observer.on({.kind = Event::Kind::end,
                        .task = kernel.id,
                        .what = "build",
                        .text = artifact.was_cached ? "cached" : human_seconds(artifact.wall_s)});
  PINRIG_TRY(place, free_place(services.paths.state / "boots", guest.id));
  const job::Built built{artifact, artifact.selftests};
  PINRIG_TRY(job, job::ready_job(kernel, guest, built, platform, "boot", place.dir, services));
  job.in_use = std::move(place.lock);
  return job;
}

Result<std::string> boot_once(const ReadyJob& job, const Services& services) {
  model::JobSpec spec = job.spec;
  spec.tests.clear();
  PINRIG_TRY(result, job::run_guest_job(spec, job.drives, job.dir, services.cancel, services.observer));
  // Without tests, but not without judgement: a ledger that fails its control is an error here too.
  const auto judgement = verdict::judge(result.facts);
  const auto& outcome = judgement.outcome;
  if (outcome.kind == model::JobOutcome::Kind::cancelled) return cancelled_error();
  if (outcome.kind != model::JobOutcome::Kind::completed)
    return make_error(ErrorKind::infra,
                      fmt::format("{}: {} {}", spec.guest_id, to_string(outcome.kind), shown(outcome.detail)),
                      fmt::format("the console is {}", (job.dir / "console.raw").string()));
  std::string text =
      fmt::format("{}  Linux {} {}  page size {}  {} CPUs  {}\n", spec.guest_id, shown(result.hello.release),
                  result.hello.machine, result.hello.page_size, result.hello.cpus, to_string(spec.accel));
  text += fmt::format("boot to agent {:.2f} s (guest clock {:.2f} s), whole guest {:.2f} s\n", result.boot_s,
                      result.hello.uptime_s, result.wall_s);
  text += fmt::format("pin counters {}; negative control: {} of {} pages seen held, {} after release\n",
                      result.hello.counters ? "available" : "not available",
                      result.facts.control.outstanding_held, result.facts.control_pages,
                      result.facts.control.outstanding_released);
  for (const auto& p : result.setup_problems) text += "set-up: " + shown(p) + "\n";
  for (const auto& p : result.problems) text += "note: " + shown(p) + "\n";
  for (const auto& v : judgement.verdicts)
    text += fmt::format("{}: {} {}\n", v.test, to_string(v.verdict), shown(v.detail));
  return text + fmt::format("files in {}\n", job.dir.string());
}

}  // namespace pinrig::run
