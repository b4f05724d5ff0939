// SPDX-License-Identifier: GPL-2.0
#include "cli/mail_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "assess/assess.h"
#include "base/text.h"
#include "bisect/rate.h"
#include "bisect/tally.h"
#include "bisect/text.h"
#include "report/report.h"

namespace pinrig::cli {
namespace {

using mail::Finding;
using model::Verdict;

bool is_red(const model::AssessedResult& row) {
  const Verdict v = row.verdict().verdict;
  return v == Verdict::fail || v == Verdict::leak || v == Verdict::crash || v == Verdict::timeout;
}

bool is_finding(const model::AssessedResult& row) {
  return is_red(row) && row.verdict().case_name.empty() && row.assessment && !row.assessment->expected();
}

/// The row of a test, not of its cases, at a kernel, with the guest that ran it.
struct Row {
  model::AssessedResult result;
  store::GuestRow guest;
};
bool is_run_of(const model::TestVerdict& v, const std::string& test) {
  return v.case_name.empty() && assess::without_run(v.test) == test;
}

/// Of the runs of a test ("bio/dio_rw", "bio/dio_rw~2", ...) the first that is red, else the first.
Result<std::optional<Row>> row_of(const store::Store& store, const std::string& run,
                                  const std::string& kernel, const std::string& test) {
  std::optional<Row> first;
  PINRIG_TRY(guests, store.guests(run));
  for (const auto& guest : guests) {
    if (guest.kernel_id != kernel) continue;
    PINRIG_TRY(rows, store.results(run, guest.id));
    for (const auto& r : rows) {
      if (!is_run_of(r.verdict(), test)) continue;
      if (is_red(r)) return std::optional<Row>(Row{r, guest});
      if (!first) first = Row{r, guest};
    }
  }
  return first;
}

/// The runs of a test at a kernel that told anything, and how many of them had an unexpected red.
struct Counted {
  int red = 0;
  int runs = 0;
};
Result<Counted> count_runs(const store::Store& store, const std::string& run, const std::string& kernel,
                           const std::string& test) {
  Counted out;
  PINRIG_TRY(guests, store.guests(run));
  for (const auto& guest : guests) {
    if (guest.kernel_id != kernel) continue;
    PINRIG_TRY(rows, store.results(run, guest.id));
    for (const auto& r : rows) {
      const Verdict v = r.verdict().verdict;
      if (!is_run_of(r.verdict(), test) || v == Verdict::skip || v == Verdict::missing || v == Verdict::error)
        continue;
      ++out.runs;
      out.red += is_finding(r) ? 1 : 0;
    }
  }
  return out;
}

/// Nothing for a red that shows each time.
std::optional<mail::Rate> rate_of(int red, int runs, bool guests) {
  if (red == 0 || red >= runs) return std::nullopt;
  mail::Rate rate{red, runs, 0, 5, guests};
  rate.clean_runs = bisect::runs_to_believe(red, runs - red, rate.percent / 100.0);
  return rate;
}

std::optional<model::PinSample> pins_of(const Row& row) {
  const auto& ledger = row.result.result.ledger;
  if (!ledger || !ledger->available) return std::nullopt;
  return model::PinSample{ledger->acquired(), ledger->released()};
}

void describe_red(Finding& f, const Row& row) {
  const auto& v = row.result.verdict();
  f.pages = row.result.result.outstanding();
  f.said = std::string(model::to_string(v.verdict)) + (v.detail.empty() ? "" : ", " + v.detail);
  f.log = v.diagnostics;
  if (v.verdict == Verdict::leak) f.what = Finding::What::leak;
}

void describe_crash(Finding& f, const std::vector<model::KernelEvent>& events) {
  const auto it =
      std::find_if(events.begin(), events.end(), [&](const auto& e) { return e.owner == f.test; });
  if (it == events.end()) return;
  f.what = Finding::What::crash;
  f.said = it->title;
  f.log = located_text(*it);
}

/// The block of fields, from the rows of a guest and the run's run.json.
void add_fields(Finding& f, const store::RunRow& run, const store::KernelRow& kernel, const Row& row) {
  const auto add = [&](const char* name, const std::string& value) {
    f.fields.emplace_back(name, value.empty() ? "not known" : value);
  };
  add("base", fmt::format("{} ({})", run.base, kernel.point.version));
  add("config", kernel.config.text());
  add("arch", to_string(kernel.arch));
  add("accel", row.guest.accel + (row.guest.accel_reason.empty() ? "" : " (" + row.guest.accel_reason + ")"));
  std::string compiler;
  std::string qemu;
  std::string pinrig;
  if (const auto text = read_file(fs::path(run.dir) / "run.json"); text.has_value()) {
    const auto j = nlohmann::json::parse(*text, nullptr, false);
    const auto versions = j.is_object() && j.contains("versions") ? j["versions"] : nlohmann::json::object();
    const std::string gcc = kernel.arch == model::Arch::x86_64 ? "gcc" : "aarch64-linux-gnu-gcc";
    compiler = versions.value(gcc, "");
    qemu = versions.value(fmt::format("qemu-system-{}", to_string(kernel.arch)), "");
    pinrig = versions.value("pinrig", "");
  }
  add("compiler", compiler);
  add("qemu", qemu);
  add("pinrig", pinrig);
}

std::string rerun_line(const std::string& series, const std::string& base, const store::KernelRow& kernel,
                       const std::string& test) {
  std::vector<std::string> argv{"build/release/pinrig", "run"};
  if (!series.empty()) argv.insert(argv.end(), {"--series", series});
  argv.insert(argv.end(), {"--base", base, "--arch", to_string(kernel.arch)});
  if (!series.empty()) argv.insert(argv.end(), {"--point", std::to_string(kernel.point.number)});
  argv.insert(argv.end(), {"--test", test});
  return shell_line(argv);
}

void add_scope(Finding& f, const store::KernelRow& kernel) {
  f.not_run.emplace_back(kernel.arch == model::Arch::x86_64 ? "aarch64" : "x86_64");
  f.not_run.emplace_back("tests other than " + f.test);
}

/// Fills in everything that a kernel with the red shows.
Result<void> add_red_kernel(Finding& f, const store::Store& store, const store::RunRow& run,
                            const store::KernelRow& kernel, const Row& row) {
  describe_red(f, row);
  PINRIG_TRY(events, store.events(run.id, row.guest.id));
  if (row.result.verdict().verdict == Verdict::crash) describe_crash(f, events);
  add_fields(f, run, kernel, row);
  PINRIG_TRY(lines, report::lines_run(run, kernel.point.number, kernel.arch));
  if (!lines.empty()) f.fields.emplace_back("changed lines", lines);
  f.commands = {"harness/bootstrap build", rerun_line(f.series, run.base, kernel, f.test)};
  add_scope(f, kernel);
  return {};
}

Result<std::string> only_red(const store::Store& store, const store::RunRow& run) {
  std::set<std::string> reds;
  PINRIG_TRY(guests, store.guests(run.id));
  for (const auto& guest : guests) {
    PINRIG_TRY(rows, store.results(run.id, guest.id));
    for (const auto& r : rows) {
      if (is_finding(r)) reds.insert(r.verdict().test);
    }
  }
  if (reds.size() == 1) return *reds.begin();
  if (reds.empty())
    return make_error(ErrorKind::bad_usage, fmt::format("run {} has no unexpected red to report", run.id));
  return make_error(ErrorKind::bad_usage,
                    fmt::format("run {} has {} unexpected reds: name one", run.id, reds.size()),
                    join({reds.begin(), reds.end()}, "\n"));
}

/// The newest run of an observation at a point that the store has.
Result<std::optional<std::pair<store::RunRow, store::KernelRow>>> kernel_of(
    const store::Store& store, const bisect::Log& log, int point, std::optional<bisect::Seen> seen) {
  using Found = std::optional<std::pair<store::RunRow, store::KernelRow>>;
  for (auto o = log.seen.rbegin(); o != log.seen.rend(); ++o) {
    if (o->point != point || o->run.empty() || (seen && o->seen != *seen)) continue;
    PINRIG_TRY(run, store.find_run(o->run));
    if (!run) continue;
    PINRIG_TRY(kernels, store.kernels(run->id));
    // A point without an earlier culprit is another commit; its runs have no other kernel.
    const bool changed = !bisect::reverted_at(log, point, 0).empty();
    for (const auto& k : kernels) {
      const bool same = changed || k.point.commit == log.points[static_cast<std::size_t>(point)].sha;
      if (same && k.arch == log.arch) return Found(std::pair(*run, k));
    }
  }
  return Found();
}

Result<void> add_columns(Finding& f, const store::Store& store, const bisect::Log& log,
                         const std::vector<int>& points) {
  const bisect::Tallies tallies(log.history(), log.seen);
  for (const int p : points) {
    mail::Column c;
    c.name = log.patch_at(p) == 0 ? "base"
             : log.repo.empty()   ? fmt::format("patch {}", log.patch_at(p))
                                  : log.points[static_cast<std::size_t>(p)].sha.substr(0, 12);
    c.red = tallies.at(p).red;
    c.runs = tallies.at(p).runs();
    const auto state = c.red > 0 ? bisect::Seen::red : bisect::Seen::clean;
    PINRIG_TRY(kernel, kernel_of(store, log, p, state));
    if (kernel) {
      PINRIG_TRY(row, row_of(store, kernel->first.id, kernel->second.id, f.test));
      if (row) c.pins = pins_of(*row);
    }
    f.columns.push_back(std::move(c));
  }
  return {};
}

}  // namespace

Result<Finding> finding_of_run(const store::Store& store, const store::RunRow& run, const std::string& test) {
  Finding f;
  f.series = run.series;
  PINRIG_TRY(kernels, store.kernels(run.id));
  const auto failed = std::find_if(kernels.begin(), kernels.end(),
                                   [](const auto& k) { return k.state == store::KernelState::apply_failed; });
  for (const auto& k : kernels) f.patches = std::max(f.patches, k.point.number);
  if (test.empty() && failed != kernels.end()) {
    f.what = Finding::What::apply_failure;
    f.said = failed->failure;
    f.patch = failed->point.number;
    f.subject = failed->point.subject;
    f.fields = {{"base", run.base}, {"arch", to_string(failed->arch)}};
    f.commands = {"harness/bootstrap build",
                  shell_line({"build/release/pinrig", "build", "--series", run.series, "--base", run.base})};
    f.not_run = {"every test"};
    return f;
  }
  f.test = test;
  if (test.empty()) {
    PINRIG_TRY(only, only_red(store, run));
    f.test = std::move(only);
  }
  bool found = false;
  for (const auto& k : kernels) {
    PINRIG_TRY(row, row_of(store, run.id, k.id, f.test));
    if (!row || found) continue;
    const bool red = is_finding(row->result);
    PINRIG_TRY(counted, count_runs(store, run.id, k.id, f.test));
    f.columns.push_back({k.point.is_base() ? "base" : fmt::format("patch {}", k.point.number), pins_of(*row),
                         counted.red, counted.runs});
    if (!red) continue;
    found = true;
    f.rate = rate_of(counted.red, counted.runs, false);
    f.patch = k.point.number;
    f.subject = k.point.subject;
    PINRIG_CHECK(add_red_kernel(f, store, run, k, *row));
  }
  if (found) return f;
  return make_error(ErrorKind::bad_usage, fmt::format("{} has no unexpected red in run {}", f.test, run.id));
}

Result<Finding> finding_of_bisection(const store::Store& store, const bisect::Log& log,
                                     const bisect::Conclusion& end) {
  Finding f;
  f.test = log.signature ? log.signature->test : bisect::test_name(log.test).test;
  f.series = log.series;
  const int last = static_cast<int>(log.points.size()) - 1;
  f.patches = log.patch_at(last);
  f.bisection = std::string(to_string(end.word)) + (end.why.empty() ? "" : ": " + end.why);
  for (const int p : log.without) f.bisection += fmt::format("; without {}", bisect::point_name(log, p));
  f.good = bisect::point_name(log, 0);
  f.bad = bisect::point_name(log, last);
  const bool named = bisect::has_culprit(end.word) && end.suspects.size() == 1;
  std::vector<int> points{0, last};
  if (named) {
    const int culprit = end.suspects.front();
    const auto& point = log.points[static_cast<std::size_t>(culprit)];
    f.patch = log.patch_at(culprit);
    f.subject = point.subject;
    if (!log.repo.empty()) f.commit = point.sha;
    f.bad = point.sha;
    f.good = log.points[static_cast<std::size_t>(point.parents.front())].sha;
    points = {0};
    for (const int p : {culprit - 1, culprit}) {
      if (p > points.back()) points.push_back(p);
    }
  }
  PINRIG_CHECK(add_columns(f, store, log, points));
  const auto calibrated = bisect::calibration_of(log.history(), log.settings, log.seen);
  f.rate = rate_of(calibrated.red, calibrated.red + calibrated.clean, calibrated.guests);
  PINRIG_TRY(kernel, kernel_of(store, log, points.back(), bisect::Seen::red));
  if (kernel) {
    PINRIG_TRY(row, row_of(store, kernel->first.id, kernel->second.id, f.test));
    if (row) PINRIG_CHECK(add_red_kernel(f, store, kernel->first, kernel->second, *row));
  }
  if (!named) {
    f.what = Finding::What::inconclusive;
    f.said = f.bisection;
    f.subject = log.series.empty() ? log.repo : log.series;
  }
  return f;
}

}  // namespace pinrig::cli
