// SPDX-License-Identifier: GPL-2.0
// Lines for a cover letter, below its "---".
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/text.h"
#include "report/letter.h"
#include "report/patch_lines.h"
#include "report/review.h"
#include "report/versions.h"

namespace pinrig::report {
namespace {

using model::Verdict;

constexpr std::size_t most_skips = 2;
constexpr std::size_t most_repeat = 3;  ///< lines

/// What is cut first when there are too many lines: the highest.
enum CoverRank : int {
  never,
  tested_rank,
  results_rank,
  lines_rank,
  skips_rank,
  guests_rank,
  proofs_rank,
  options_rank,
  suites_rank
};

struct CoverTotals {
  std::set<std::string> tests;
  std::set<std::string> cases;
  std::set<std::string> suites;
  std::set<int> points;
  std::size_t unexpected = 0;
  std::size_t unbuilt = 0;  ///< kernels
  std::map<Verdict, std::size_t> words;
  std::int64_t left = 0;                               ///< pages outstanding
  std::size_t counted = 0;                             ///< tests that ran with pin counters
  std::size_t uncounted = 0;                           ///< without
  std::map<std::string, std::set<std::string>> skips;  ///< reason, tests
};

void count_pins(const TestData& t, CoverTotals& all) {
  const auto v = t.row.verdict().verdict;
  if (v == Verdict::skip || v == Verdict::missing) return;
  const auto& l = t.row.result.ledger;
  ++(l && l->available ? all.counted : all.uncounted);
  all.left += std::abs(t.row.result.outstanding());
}

void count_tests(const KernelData& k, CoverTotals& all) {
  all.points.insert(k.row.point.number);
  all.unbuilt += k.built() ? 0 : 1;
  for (const TestData* t : k.tests()) {
    if (model::is_harness_row(t->name())) continue;
    const auto& v = t->row.verdict();
    all.tests.insert(t->name());
    for (const auto& c : t->cases) all.cases.insert(t->name() + ":" + c.verdict().case_name);
    ++all.words[v.verdict];
    all.unexpected += t->as_expected() ? 0 : 1;
    all.suites.insert(suite_of(t->name()));
    if (v.verdict == Verdict::skip) all.skips[v.detail].insert(t->name());
    count_pins(*t, all);
  }
}

std::string results_words(const RunData& data, const CoverTotals& t) {
  std::vector<std::string> verdicts;
  for (const auto& [verdict, n] : t.words)
    verdicts.push_back(fmt::format("{} {}", n, model::to_string(verdict)));
  std::string out =
      fmt::format("{}, {} at {}: {}", count_of(t.tests.size(), "test"), count_of(t.cases.size(), "case"),
                  count_of(t.points.size(), "point"), join(verdicts, ", "));
  out += t.unexpected == 0 ? "; all as expected" : fmt::format("; {} not as expected", t.unexpected);
  if (t.unbuilt > 0) out += fmt::format("; {} not built", count_of(t.unbuilt, "kernel"));
  if (data.run.state != store::RunState::finished) out += "; the run did not finish";
  return out;
}

std::string pins_words(const CoverTotals& t) {
  if (t.left != 0) return fmt::format("{} outstanding", count_of(static_cast<std::size_t>(t.left), "page"));
  if (t.uncounted > 0)
    return fmt::format("acquired = released in {}, {} without counters", count_of(t.counted, "test"),
                       t.uncounted);
  return std::string("acquired = released after every test, at every point") +
         (t.unbuilt > 0 ? " built" : "");
}

std::set<std::string> archs_booted(const RunData& data) {
  std::set<std::string> out;
  for (const auto& k : data.kernels) {
    if (k.started() > 0) out.insert(model::to_string(k.row.arch));
  }
  return out;
}

std::string guests_words(const RunData& data, const CoverFacts& facts) {
  std::vector<std::string> out;
  for (const auto& k : data.kernels) {
    for (const auto& g : k.guests) {
      if (g.row.accel.empty()) continue;
      const auto text = fmt::format("{} ({})", model::to_string(k.row.arch), g.row.accel);
      if (std::find(out.begin(), out.end(), text) == out.end()) out.push_back(text);
    }
  }
  return (out.empty() ? "none" : join(out, ", ")) +
         (facts.sizes.empty() ? "" : ", pages: " + join(facts.sizes, ", "));
}

std::string cover_base(const RunData& data) {
  std::string out = data.run.base;
  std::set<std::string> configs;
  for (const auto& k : data.kernels) {
    if (k.row.point.is_base() && configs.empty())
      out += fmt::format(" ({}, {})", k.row.point.version, k.row.point.commit.substr(0, 12));
    configs.insert(k.row.config.text());
  }
  return out + ", config " + join({configs.begin(), configs.end()}, "; ");
}

/// The newest earlier run of the version before, or nothing.
Result<std::optional<VersionData>> version_before(const store::Store& store, const VersionData& now) {
  if (!now.series || now.series->version < 2) return std::optional<VersionData>();
  PINRIG_TRY(runs, store.runs(1000));
  for (const auto& run : runs) {
    if (run.id == now.data.run.id || run.faults || run.series.empty()) continue;
    PINRIG_TRY(series, store.series(run.id));
    if (!series || series->change_id != now.series->change_id || series->version >= now.series->version)
      continue;
    PINRIG_TRY(data, load_version(store, run));
    return std::optional(std::move(data));
  }
  return std::optional<VersionData>();
}

std::string since_words(const VersionData& old, const VersionData& now) {
  const auto d = compare_versions(old, now);
  if (!d.not_built.empty()) return "not compared: a last point was not built";
  const auto fixed = std::count_if(d.changed.begin(), d.changed.end(),
                                   [](const auto& r) { return r.red_before && !r.red_now; });
  const auto fresh = std::count_if(d.changed.begin(), d.changed.end(),
                                   [](const auto& r) { return r.red_now && !r.red_before; });
  return fmt::format("{} fixed, {} new, {} not fixed", fixed, fresh, d.still_red.size());
}

/// Of each architecture and configuration; its name where there are several.
void add_lines_run(const RunData& data, Letter& out) {
  if (!data.measured) return;
  const auto& kernels = data.measured->kernels;
  for (const auto& k : kernels) {
    const auto words = coverage::to_words(coverage::sum(coverage::patch_coverage(*data.measured, k)));
    out.add(&k == &kernels.front() ? "Lines" : "", kernels.size() == 1 ? words : k.kernel + ": " + words, 2,
            1, lines_rank);
  }
}

/// Files of the series that no kernel with its last built point has, whatever its architecture:
/// "drivers/x/x.c (CONFIG_X is not set)".
std::vector<std::string> unbuilt_files(const RunData& data) {
  int last = 0;
  for (const auto& k : data.kernels) {
    if (k.built()) last = std::max(last, k.row.point.number);
  }
  std::vector<model::UnbuiltFile> nowhere;
  bool first = true;
  for (const auto& k : data.kernels) {
    if (!k.built() || k.row.point.number != last) continue;
    if (std::exchange(first, false)) nowhere = k.row.unbuilt;
    std::erase_if(nowhere,
                  [&](const auto& u) { return model::unbuilt_of({u.file}, k.row.unbuilt).files.empty(); });
  }
  std::vector<std::string> out;
  // The Makefile's line is in the report.
  for (const auto& u : nowhere)
    out.push_back(fmt::format("{} ({})", u.file, u.why.substr(0, u.why.find(" ("))));
  return out;
}

std::vector<std::string> skip_lines(const CoverTotals& totals) {
  std::vector<std::pair<std::size_t, std::string>> reasons;
  for (const auto& [reason, tests] : totals.skips)
    reasons.emplace_back(tests.size(), reason.empty() ? "no reason given" : reason);
  std::sort(reasons.rbegin(), reasons.rend());
  std::vector<std::string> out;
  for (std::size_t i = 0; i < std::min(reasons.size(), most_skips); ++i)
    out.push_back(fmt::format("{}: {}", count_of(reasons[i].first, "test"), reasons[i].second));
  if (reasons.size() > most_skips)
    out.push_back(fmt::format("and for {}", count_of(reasons.size() - most_skips, "other reason")));
  return out;
}

std::string proofs_words(const CoverFacts& facts) {
  if (facts.proven.empty())
    return fmt::format("none of the {} that these tests declare", count_of(facts.declared, "fault"));
  const std::string first =
      fmt::format("{} of {}: ", facts.proven.size(), count_of(facts.declared, "planted fault"));
  return first + list_within(facts.proven, 2 * Letter::room - first.size() - 24);
}

std::string options_words(const CoverFacts& facts) {
  std::string out = facts.with.empty() ? "" : join(facts.with, " ");
  if (!facts.without.empty()) out += (out.empty() ? "without " : "; without ") + join(facts.without, " ");
  return out;
}

/// A command that is cut is none.
std::string repeat_words(const CoverFacts& facts, const store::RunRow& run) {
  if (wrap(ascii(facts.repeat), Letter::room).size() <= most_repeat) return facts.repeat;
  return fmt::format("pinrig run --again {} (where that run is stored)", run.id);
}

/// What a reader might take for granted.
std::string not_shown(const VersionData& v, const CoverTotals& totals) {
  std::vector<std::string> out;
  const auto archs = archs_booted(v.data);
  for (const auto arch : {model::Arch::x86_64, model::Arch::aarch64}) {
    if (!archs.contains(model::to_string(arch))) out.emplace_back(model::to_string(arch));
  }
  if (totals.points.size() <= v.patches.size()) out.emplace_back("each patch by itself");
  for (const char* always : {"real hardware", "other page sizes and configurations", "performance"})
    out.emplace_back(always);
  return join(out, ", ");
}

}  // namespace

Result<std::vector<std::string>> tests_that_ran(const store::Store& store, const store::RunRow& run) {
  PINRIG_TRY(data, load(store, run));
  std::set<std::string> out;
  for (const auto& k : data.kernels) {
    for (const TestData* t : k.tests()) {
      const auto v = t->row.verdict().verdict;
      if (v != Verdict::skip && v != Verdict::missing) out.insert(t->name());
    }
  }
  return std::vector<std::string>(out.begin(), out.end());
}

Result<std::string> cover(const store::Store& store, const store::RunRow& run, const CoverFacts& facts) {
  PINRIG_TRY(now, load_version(store, run));
  PINRIG_TRY(old, version_before(store, now));
  CoverTotals totals;
  for (const auto& k : now.data.kernels) count_tests(k, totals);
  Letter out;
  out.add("Tested", "with pinrig on " + cover_base(now.data), 2, 1, tested_rank);
  out.add("Guests", guests_words(now.data, facts), 2, 1, guests_rank);
  out.add("Results", results_words(now.data, totals), 2, 2, results_rank);
  if (totals.counted > 0) out.add("Pins", pins_words(totals), 1, 1, never);
  add_lines_run(now.data, out);
  if (const auto files = unbuilt_files(now.data); !files.empty())
    out.add("Not built", list_within(files, 2 * Letter::room - 24), 2, 1, lines_rank);
  out.add("Suites", join({totals.suites.begin(), totals.suites.end()}, " "), 2, 1, suites_rank);
  if (old) out.add("Since " + old->name(), since_words(*old, now), 1, 1, never);
  out.add_lines("Skipped", skip_lines(totals), 1, skips_rank);
  if (facts.declared > 0) out.add("Detected", proofs_words(facts), 2, 1, proofs_rank);
  if (const auto words = options_words(facts); !words.empty()) out.add("Options", words, 2, 0, options_rank);
  if (!facts.repeat.empty()) out.add("Repeat", repeat_words(facts, run), most_repeat, most_repeat, never);
  out.add("Not shown", not_shown(now, totals), 2, 2, never);
  return out.text();
}

}  // namespace pinrig::report
