// SPDX-License-Identifier: GPL-2.0
#include "mutate/kernel.h"

#include <fmt/format.h>

#include <charconv>

#include "base/text.h"
#include "mutate/rewrite.h"
#include "mutate/schedule.h"
#include "plan/guests.h"
#include "spec/spec.h"

namespace pinrig::mutate {
namespace {

using job::Event;

// A file can hide the errors of the next.
constexpr int most_builds = 12;

// The line in "../block/bio.c:1128:17: error: ..."; 0 when the text is about something else.
int error_line(std::string_view text, const std::string& path) {
  const auto at = text.find(path + ":");
  if (at == std::string_view::npos || text.find("error:") == std::string_view::npos) return 0;
  const std::string_view rest = text.substr(at + path.size() + 1);
  int line = 0;
  std::from_chars(rest.data(), rest.data() + rest.size(), line);
  return line;
}

Result<Ready> build(const Lab& lab, const git::Source& tree, const git::AppliedSeries& series,
                    const std::string& id, const Services& services) {
  if (series.failure) return git::to_error(*series.failure);
  Ready out{lab.kernel, {}};
  out.kernel.id = fmt::format("{}-{}", id, to_string(lab.kernel.arch));
  out.kernel.point = {.number = static_cast<int>(series.patches.size()),
                      .label = id,
                      .subject = "",
                      .commit = series.patches.empty() ? tree.commit : series.patches.back().commit,
                      .tree = series.patches.empty() ? tree.tree : series.patches.back().tree,
                      .patch_id = "",
                      .version = tree.version};
  services.observer.on({.kind = Event::Kind::begin, .task = out.kernel.id, .what = "build"});
  auto artifact = job::build_point(out.kernel, tree, series, lab.platform, services);
  services.observer.on({.kind = Event::Kind::end,
                        .task = out.kernel.id,
                        .what = "build",
                        .text = artifact.has_error()   ? artifact.error().message
                                : artifact->was_cached ? "cached " + artifact->key.substr(0, 12)
                                                       : human_seconds(artifact->wall_s),
                        .ok = artifact.has_value()});
  if (artifact.has_error()) return std::move(artifact).error();
  out.built.kernel = std::move(*artifact);
  out.built.selftests = out.built.kernel.selftests;
  return out;
}

}  // namespace

Result<Lab> open_lab(const MutateOptions& o, const Services& services) {
  PINRIG_TRY(inputs, run::load_inputs(services.paths.project, o.run));
  inputs.destructive = plan::Destructive::alone;  // they end the guests that many mutants share
  PINRIG_CHECK(run::check_programs(inputs));
  PINRIG_CHECK(run::check_place(services.paths.state, "PINRIG_STATE"));
  PINRIG_CHECK(run::check_place(services.paths.cache, "PINRIG_CACHE"));
  PINRIG_CHECK(run::check_accel(inputs, services));
  PINRIG_TRY(sources, run::fetch_sources(inputs, services));
  PINRIG_TRY(set, find_mutants(o, inputs, sources, services));
  PINRIG_TRY(plan, run::plan_run(inputs, sources));
  PINRIG_TRY(platform, job::prepare_platform(plan.kernels.front().arch, inputs.spec.accel, services));
  return Lab{std::move(inputs), std::move(sources), std::move(set), plan.kernels.front(),
             std::move(platform)};
}

Result<Ready> plain_kernel(const Lab& lab, const MutateOptions& o, const Services& services) {
  if (o.series.empty()) return build(lab, lab.set.tree, {}, "plain", services);
  PINRIG_TRY(series, spec::load_series(services.paths.project, o.series));
  series.base = lab.inputs.base.name;
  PINRIG_TRY(applied,
             git::apply_series(lab.sources.base, series, job::work_context(services, "sources", "source")));
  return build(lab, lab.sources.base, applied, "plain", services);
}

std::set<int> blamed(const std::string& log, const MutantSet& set, const std::set<int>& dropped) {
  std::set<int> out;
  for (const auto text : lines(log)) {
    for (const auto& f : set.files) {
      const int line = error_line(text, f.path);
      if (line == 0) continue;
      for (const int n : mutants_at(f.candidates, f.path, line, f.source)) {
        if (!dropped.contains(n)) out.insert(n);
      }
    }
  }
  return out;
}

Result<Ready> mutated_kernel(const Lab& lab, const fs::path& dir, std::set<int>& dropped,
                             const Services& services) {
  for (int attempt = 1;; ++attempt) {
    PINRIG_TRY(series, write_series(lab.set, dropped, dir / "series", services));
    PINRIG_TRY(applied,
               git::apply_series(lab.set.tree, series, job::work_context(services, "mutants", "source")));
    services.observer.on({.kind = Event::Kind::end,
                          .task = "mutants",
                          .what = "source",
                          .text = count_of(lab.set.all().size() - dropped.size(), "mutant")});
    auto kernel = build(lab, lab.set.tree, applied, "mutants", services);
    if (kernel.has_value()) return kernel;
    const auto& failure = kernel.error().build;
    if (kernel.error().kind != ErrorKind::build_failed || !failure || attempt == most_builds)
      return std::move(kernel).error();
    PINRIG_TRY(log, read_file(failure->log));
    const auto bad = blamed(log, lab.set, dropped);
    if (bad.empty()) return std::move(kernel).error();
    services.observer.on(
        {.kind = Event::Kind::line,
         .task = "mutate",
         .what = "build",
         .text = fmt::format("mutants {} do not compile; building without them", ranges_of(bad))});
    dropped.insert(bad.begin(), bad.end());
  }
}

Result<std::set<int>> compiled_in(const fs::path& image) {
  constexpr std::string_view mark = "pinrig-mutant:";
  PINRIG_TRY(bytes, read_file(image));
  std::set<int> out;
  for (auto at = bytes.find(mark); at != std::string::npos; at = bytes.find(mark, at + 1)) {
    int n = 0;
    const char* begin = bytes.data() + at + mark.size();
    const auto [end, ec] = std::from_chars(begin, bytes.data() + bytes.size(), n);
    if (ec == std::errc{} && *end == ';') out.insert(n);
  }
  return out;
}

Result<job::GuestResult> boot_tests(const Lab& lab, const Ready& kernel, const model::Guest& guest,
                                    const fs::path& dir, const Services& services, const job::Steer& steer) {
  std::error_code ec;
  fs::remove_all(dir, ec);
  model::Guest g = guest;
  const auto args = g.machine.kernel_args;
  g.machine = plan::fit_machine(lab.inputs.machine, g.tests);
  g.machine.kernel_args = args;
  PINRIG_TRY(job, job::ready_job(kernel.kernel, g, kernel.built, lab.platform, "mutate", dir, services));
  return job::run_and_judge(job, services, steer);
}

}  // namespace pinrig::mutate
