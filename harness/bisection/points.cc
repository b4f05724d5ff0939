// SPDX-License-Identifier: GPL-2.0
#include "bisection/points.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "bisect/signature.h"
#include "git/people.h"
#include "run/leftovers.h"
#include "run/run_file.h"

namespace pinrig::bisection {
namespace {

constexpr int newest_runs = 100;

Result<std::vector<bisect::Point>> points_of_range(const bisect::Log& log, const Services& services) {
  const auto ctx = job::work_context(services, "sources", "source");
  // The ends were resolved to commits when the search began.
  PINRIG_TRY(commits, git::commits_between(log.repo, log.points.front().sha, log.points.back().sha, ctx));
  std::map<std::string, int> number;
  std::vector<bisect::Point> out;
  for (const auto& c : commits) {
    bisect::Point p;
    p.sha = c.commit;
    p.subject = c.subject;
    for (const auto& parent : c.parents) {
      const auto it = number.find(parent);
      const int at = it == number.end() ? 0 : it->second;
      if (std::find(p.parents.begin(), p.parents.end(), at) == p.parents.end()) p.parents.push_back(at);
    }
    number.emplace(c.commit, static_cast<int>(out.size()));
    out.push_back(std::move(p));
  }
  return out;
}

Result<std::vector<bisect::Point>> points_of_series(const bisect::Log& log, const Services& services) {
  PINRIG_TRY(in, run::load_inputs(services.paths.project, run_options(log, 0, 0)));
  PINRIG_TRY(sources, run::fetch_sources(in, services));
  if (sources.series.failure) return git::to_error(*sources.series.failure);
  std::vector<bisect::Point> out;
  for (const auto& p : run::points_of(sources)) {
    bisect::Point point;
    point.sha = p.commit;
    point.subject = p.subject;
    out.push_back(std::move(point));
  }
  if (out.size() < 2)
    return make_error(ErrorKind::bad_input, fmt::format("series {}: no patch to search in", log.series));
  if (static_cast<std::size_t>(log.first) + 1 >= out.size())
    return make_error(
        ErrorKind::bad_usage,
        fmt::format("--good {}: series {} has {} patches", log.first, log.series, out.size() - 1),
        "the older end is 0 (the base) or a patch before the last");
  out.erase(out.begin(), out.begin() + log.first);
  return bisect::line_of(std::move(out));
}

bool is_unexpected_red(const model::AssessedResult& row) {
  using model::Verdict;
  const Verdict v = row.verdict().verdict;
  const bool red = v == Verdict::fail || v == Verdict::leak || v == Verdict::crash || v == Verdict::timeout;
  return red && row.assessment && !row.assessment->expected();
}

/// "suite/test" of the reds at the newest point of an architecture.
Result<std::set<std::string>> reds_of(const store::Store& store, const std::string& run, model::Arch arch) {
  PINRIG_TRY(kernels, store.kernels(run));
  PINRIG_TRY(guests, store.guests(run));
  std::set<std::string> out;
  for (const auto& kernel : kernels) {
    if (kernel.arch != arch || kernel.point.is_base()) continue;
    for (const auto& guest : guests) {
      if (guest.kernel_id != kernel.id) continue;
      PINRIG_TRY(rows, store.results(run, guest.id));
      for (const auto& row : rows) {
        if (is_unexpected_red(row) && !model::is_harness_row(row.verdict().test))
          out.insert(row.verdict().test);
      }
    }
  }
  return out;
}

}  // namespace

Result<std::vector<std::string>> people_of(const bisect::Log& log, int point, const Paths& paths) {
  if (log.repo.empty()) return std::vector<std::string>{};
  WorkContext ctx;
  ctx.project = paths.project;
  ctx.cache = paths.cache;
  return git::people_of(log.repo, log.points[static_cast<std::size_t>(point)].sha, ctx);
}

run::RunOptions run_options(const bisect::Log& log, int point, int culprit) {
  run::RunOptions o;
  o.spec = log.spec;
  o.archs = {log.arch};
  o.tests = {bisect::test_name(log.test).test};
  o.purpose = "bisect";
  const auto reverted = bisect::reverted_at(log, point, culprit);
  const int at = point == bisect::reverted_point ? static_cast<int>(log.points.size()) - 1 : point;
  if (!log.repo.empty()) {
    o.revision = {log.repo, log.points[static_cast<std::size_t>(at)].sha};
    for (const int p : reverted) o.revert.push_back(log.points[static_cast<std::size_t>(p)].sha);
    return o;
  }
  o.series = log.series;
  o.base = log.base;
  o.points = {std::to_string(log.patch_at(at))};
  if (reverted.empty()) return o;
  o.points = {"tip"};
  o.last_patch = log.patch_at(at);
  for (const int p : reverted) o.revert.push_back(std::to_string(log.patch_at(p)));
  return o;
}

Result<std::vector<bisect::Point>> points_of(const bisect::Log& log, const Services& services) {
  return log.repo.empty() ? points_of_series(log, services) : points_of_range(log, services);
}

Result<void> take_red_of_last_run(BisectOptions& o, const Services& services) {
  PINRIG_TRY(store, run::open_store(services.paths));
  PINRIG_TRY(runs, store.runs(newest_runs));
  const auto last = std::find_if(runs.begin(), runs.end(), [](const auto& r) {
    return r.purpose.empty() && r.state != store::RunState::running;
  });
  if (last == runs.end())
    return make_error(ErrorKind::bad_usage, "no run yet whose red could be searched",
                      "--series S --test SUITE/TEST[:CASE]");
  PINRIG_TRY(reds, reds_of(store, last->id, o.arch));
  if (reds.empty())
    return make_error(ErrorKind::bad_usage,
                      fmt::format("run {} has no unexpected red on {}", last->id, to_string(o.arch)),
                      "name what to search: --test SUITE/TEST[:CASE]");
  if (reds.size() > 1)
    return make_error(
        ErrorKind::bad_usage,
        fmt::format("run {} has {} unexpected reds; choose one with --test", last->id, reds.size()),
        join({reds.begin(), reds.end()}, "\n"));
  o.test = *reds.begin();
  PINRIG_TRY(recorded, run::read_run_file(fs::path(last->dir) / "run.json"));
  if (o.series.empty() && o.repo.empty()) {
    o.series = recorded.options.series.empty() ? last->series : recorded.options.series;
    if (o.base.empty()) o.base = recorded.options.base;
    o.spec = recorded.options.spec;
  }
  return {};
}

}  // namespace pinrig::bisection
