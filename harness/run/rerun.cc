// SPDX-License-Identifier: GPL-2.0
#include "run/rerun.h"

#include <fmt/format.h>

#include <algorithm>

#include "assess/attempts.h"
#include "base/text.h"
#include "job/repro.h"
#include "plan/selector.h"
#include "run/run_file.h"

namespace pinrig::run {
namespace {

Result<fs::path> fresh_dir(const fs::path& beside) {
  for (int n = 1;; ++n) {
    const fs::path dir = beside / fmt::format("rerun-{}", n);
    std::error_code ec;
    if (fs::create_directory(dir, ec)) return dir;
    if (ec) return errno_error("creating directory " + dir.string(), ec.value());
  }
}

/// The command that builds what a job needs under the same keys, from the run.json of its run.
std::string build_again(const fs::path& job_file) {
  const fs::path run_dir = fs::absolute(job_file).parent_path().parent_path().parent_path();
  const auto recorded = read_run_file(run_dir / "run.json");
  if (recorded.has_error())
    return "`pinrig build` with the options of that run rebuilds it under the same key";
  std::vector<std::string> argv{"pinrig", "build"};
  for (const auto& word : option_words(recorded->options)) argv.push_back(word);
  return "rebuild it under the same key: " + shell_line(argv);
}

Result<void> check_artifacts(const model::JobSpec& job, const fs::path& file) {
  std::vector<std::string> wanted = job.initramfs;
  wanted.push_back(job.kernel_image);
  wanted.push_back(job.shell);
  for (const auto& path : wanted) {
    if (!fs::exists(path))
      return make_error(ErrorKind::bad_input,
                        fmt::format("{}: {} is no longer in the cache", file.string(), path),
                        build_again(file));
  }
  return {};
}

}  // namespace

Result<ReadyJob> ready_again(const RerunOptions& o, const Services& services) {
  PINRIG_TRY(text, read_file(o.job_file));
  PINRIG_TRY(spec, model::job_from_json(text, o.job_file.string()));
  if (o.kernel) PINRIG_CHECK(job::take_kernel(spec, *o.kernel));
  PINRIG_CHECK(check_artifacts(spec, o.job_file));
  if (!o.tests.empty()) {
    // Tests that take minutes were named in full when the job was made.
    std::vector<plan::Choice> known;
    for (const auto& t : spec.tests) known.push_back({t.name, false});
    PINRIG_TRY(selection, plan::select(o.tests, {{}, "--test"}, known));
    std::erase_if(spec.tests, [&](const auto& t) {
      return std::find(selection.tests.begin(), selection.tests.end(), t.name) == selection.tests.end();
    });
    for (const auto& note : selection.notes) services.observer.on({.kind = Event::Kind::line, .text = note});
  }
  PINRIG_TRY(drives, job::prepare_drives(spec.machine, services));
  PINRIG_TRY(dir, fresh_dir(fs::absolute(o.job_file).parent_path()));
  ReadyJob job{.spec = std::move(spec), .dir = dir, .drives = std::move(drives)};
  PINRIG_CHECK(job::write_repro(job.spec, job.dir, job::own_program()));
  return job;
}

Result<RerunEnd> rerun(const ReadyJob& job, const Services& services) {
  services.observer.on(
      {.kind = Event::Kind::begin, .task = job.spec.guest_id, .what = "guest", .text = "boot"});
  PINRIG_TRY(judged, job::run_and_judge(job, services));
  RerunEnd end;
  int bad = 0;
  std::size_t judged_tests = 0;
  for (const auto& row : judged.results) {
    const auto& v = row.verdict;
    if (!v.case_name.empty()) continue;
    ++judged_tests;  // with kernel/console, if it has a verdict
    bad += assess::is_red(v.verdict) ? 1 : 0;
  }
  for (const auto& p : judged.guest.setup_problems) {
    end.text += fmt::format("set-up   {}\n", shown(p));
    ++bad;
  }
  const model::JobOutcome outcome = judged.outcome;
  for (const auto& p : judged.guest.problems) end.text += fmt::format("note     {}\n", shown(p));
  end.text += fmt::format("{}{}: {} of {} failed, boot {}, {}; files in {}\n", to_string(outcome.kind),
                          outcome.detail.empty() ? "" : " (" + shown(outcome.detail) + ")", bad,
                          count_of(judged_tests, "test"), human_seconds(judged.guest.boot_s),
                          human_seconds(judged.guest.wall_s), job.dir.string());
  end.result = std::move(judged);
  using Kind = model::JobOutcome::Kind;
  end.code = outcome.kind == Kind::cancelled     ? ExitCode::interrupted
             : outcome.kind == Kind::infra_error ? ExitCode::harness
             : bad > 0                           ? ExitCode::regressions
                                                 : ExitCode::ok;
  return end;
}

}  // namespace pinrig::run
