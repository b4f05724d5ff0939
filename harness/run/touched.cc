// SPDX-License-Identifier: GPL-2.0
// `--test touched`.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/text.h"
#include "run/coverage.h"

namespace pinrig::run {
namespace {

constexpr int max_runs = 1000;

// What stored runs with --coverage know about a series.
struct Touched {
  std::string run;                 // the newest of them
  std::set<std::string> tests;     // that run its lines
  std::set<std::string> measured;  // all that were asked
};

struct StoredCoverage {
  std::string run;
  coverage::RunCoverage coverage;
};

// Those of all stored runs, the newest first, without files that another version of pinrig wrote.
Result<std::vector<StoredCoverage>> stored_coverage(const store::Store& store) {
  PINRIG_TRY(runs, store.runs(max_runs));
  std::vector<StoredCoverage> out;
  for (const auto& run : runs) {
    const auto text = read_file(fs::path(run.dir) / "coverage.json");
    if (text.has_error()) continue;
    auto read = coverage::from_json(*text);
    if (read.has_value()) out.push_back({run.id, std::move(*read)});
  }
  return out;
}

// What a newer run says about a test counts.
void add_run(std::optional<Touched>& to, const StoredCoverage& run, const std::set<std::string>& touching) {
  if (!to) to = Touched{run.run, {}, {}};
  for (const auto& test : coverage::measured_tests(run.coverage)) {
    if (to->measured.insert(test).second && touching.contains(test)) to->tests.insert(test);
  }
}

std::optional<Touched> of_same_patches(const std::vector<StoredCoverage>& stored, const Sources& sources) {
  std::vector<std::string> ids;
  for (const auto& p : sources.series.patches) ids.push_back(p.patch_id);
  std::optional<Touched> out;
  for (const auto& run : stored) {
    if (coverage::same_series(run.coverage, ids)) add_run(out, run, coverage::touching_tests(run.coverage));
  }
  return out;
}

// The lines of the base at which a series changes it.
coverage::FileLines places_of(const coverage::RunCoverage& series) {
  coverage::FileLines changed;
  for (const auto& p : series.patches) coverage::add(changed, p.lines);
  coverage::FileLines out;
  for (const auto& [file, kept] : series.kept) {
    auto places = coverage::changed_places(kept, changed[file]);
    if (!places.empty()) out.emplace(file, std::move(places));
  }
  return out;
}

// By runs that counted in every C file that the series changes: one that did not cannot know its tests.
std::optional<Touched> of_base_lines(const std::vector<StoredCoverage>& stored,
                                     const coverage::RunCoverage& series) {
  const auto places = places_of(series);
  std::optional<Touched> out;
  for (const auto& run : stored) {
    const auto counted = [&](const auto& at) {
      const auto has = [&](const auto& k) { return k.code.contains(at.first); };
      return !at.first.ends_with(".c") ||
             std::any_of(run.coverage.kernels.begin(), run.coverage.kernels.end(), has);
    };
    if (run.coverage.base_tree != series.base_tree || places.empty()) continue;
    if (!std::all_of(places.begin(), places.end(), counted)) continue;
    add_run(out, run, coverage::tests_at(run.coverage, places));
  }
  return out;
}

// Takes the tests that `known` has into the run; the number of tests that it does not know.
std::size_t keep(const std::vector<model::TestSpec>& selected, const Touched& known, Inputs& in) {
  std::size_t unknown = 0;
  in.spec.suites.clear();
  in.spec.suites_where.clear();
  for (const auto& t : selected) {
    if (known.tests.contains(t.name)) in.spec.suites.push_back(t.name);
    if (!known.measured.contains(t.name)) ++unknown;
  }
  return unknown;
}

}  // namespace

Result<void> choose_touched(Inputs& in, const Sources& sources, const store::Store& store,
                            const Services& services) {
  if (!in.touched) return {};
  in.touched = false;
  if (sources.series.patches.empty())
    return make_error(ErrorKind::bad_usage, "--test touched: there is no series whose lines a test could run",
                      "add --series");
  const auto say = [&](Event::Kind kind, std::string text) {
    services.observer.on({.kind = kind, .task = "--test", .what = "touched", .text = std::move(text)});
  };
  PINRIG_TRY(selected, plan::select_tests(in.spec, in.suites, nullptr, in.origins));
  PINRIG_TRY(stored, stored_coverage(store));
  const char* what = "run lines of this series";
  auto known = of_same_patches(stored, sources);
  if (!known && !stored.empty()) {
    PINRIG_TRY(series, series_lines(sources, sources.series.patches.back().number, services));
    known = of_base_lines(stored, series);
    what = "run lines of the base that this series changes";
  }
  const std::string all = count_of(selected.size(), "test");
  if (!known) {
    in.coverage = has_objects(sources.series);
    say(Event::Kind::warning,
        fmt::format(
            "no stored run with --coverage has these patches, or counted in their files: all {} run{}", all,
            in.coverage ? ", with --coverage, and the next --test touched knows which of them to run"
                        : "; the series changes no C file to count in"));
    return {};
  }
  const std::size_t unknown = keep(selected, *known, in);
  if (in.spec.suites.empty())
    return make_error(ErrorKind::bad_usage,
                      fmt::format("--test touched: none of {} {}, says run {}", all, what, known->run),
                      unknown > 0 ? fmt::format("{} of them were in no run with --coverage", unknown) : "");
  say(Event::Kind::line, fmt::format("{} of {} {} (run {})", in.spec.suites.size(), all, what, known->run));
  if (unknown > 0)
    say(Event::Kind::warning,
        fmt::format("{} skipped that no run with --coverage has asked yet: run them with --coverage once",
                    count_of(unknown, "test")));
  return {};
}

}  // namespace pinrig::run
