// SPDX-License-Identifier: GPL-2.0
// Lines for a cover letter, below its "---".
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "report/patch_lines.h"
#include "report/review.h"
#include "report/versions.h"

namespace pinrig::report {
namespace {

using model::Verdict;

constexpr std::size_t most_columns = 72;
constexpr std::size_t most_lines = 14;
constexpr std::size_t most_skips = 2;

std::string ascii(const std::string& text) {
  std::string out;
  for (const char c : clean(text)) out += static_cast<unsigned char>(c) < 0x80 ? c : '?';
  return out;
}

/// Lines that still fit; the text begins with its key, further lines are indented.
class Letter {
 public:
  void add(const std::string& key, const std::string& text, std::size_t most = 2) {
    auto parts = wrap(ascii(text), most_columns - indent);
    if (parts.size() > most) {
      parts.resize(most);
      parts.back() = parts.back().substr(0, most_columns - indent - 4) + " ...";
    }
    for (std::size_t i = 0; i < parts.size(); ++i)
      lines_.push_back(pad(i == 0 ? key : "", indent) + parts[i]);
  }
  /// The last line is the one that may not be missing.
  std::string text(const std::string& last) const {
    std::string out;
    const auto own = wrap(last, most_columns);
    for (std::size_t i = 0; i < std::min(lines_.size(), most_lines - own.size()); ++i)
      out += lines_[i] + "\n";
    for (const auto& line : own) out += line + "\n";
    return out;
  }

 private:
  static constexpr std::size_t indent = 9;
  std::vector<std::string> lines_;
};

struct CoverTotals {
  std::size_t tests = 0;
  std::size_t cases = 0;
  std::size_t unexpected = 0;
  std::map<Verdict, std::size_t> words;
  std::int64_t left = 0;  ///< pages outstanding where that is not expected
  bool counted = false;
  std::set<std::string> suites;
  std::map<std::string, std::size_t> skips;  ///< reason, tests
};

void count_tests(const KernelData& k, CoverTotals& all) {
  for (const TestData* t : k.tests()) {
    if (model::is_harness_row(t->name())) continue;
    const auto& v = t->row.verdict();
    ++all.tests;
    all.cases += t->cases.size();
    ++all.words[v.verdict];
    all.unexpected += t->as_expected() ? 0 : 1;
    all.suites.insert(suite_of(t->name()));
    if (v.verdict == Verdict::skip) ++all.skips[v.detail];
    const auto& l = t->row.result.ledger;
    all.counted = all.counted || (l && l->available);
    all.left += std::abs(t->row.result.outstanding());
  }
}

std::string verdict_words(const CoverTotals& t) {
  std::vector<std::string> out;
  for (const auto& [verdict, n] : t.words) out.push_back(fmt::format("{} {}", n, model::to_string(verdict)));
  return join(out, ", ");
}

std::string archs_of(const RunData& data, const CoverFacts& facts) {
  std::vector<std::string> out;
  for (const auto& k : data.kernels) {
    for (const auto& g : k.guests) {
      if (g.row.accel.empty()) continue;
      const auto text = fmt::format("{} ({})", model::to_string(k.row.arch), g.row.accel);
      if (std::find(out.begin(), out.end(), text) == out.end()) out.push_back(text);
    }
  }
  return join(out, ", ") + (facts.sizes.empty() ? "" : ", pages: " + join(facts.sizes, ", "));
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

std::set<int> points_of(const RunData& data) {
  std::set<int> out;
  for (const auto& k : data.kernels) out.insert(k.row.point.number);
  return out;
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

void add_since(const VersionData& old, const VersionData& now, Letter& out) {
  const auto d = compare_versions(old, now);
  if (!d.not_built.empty()) return out.add("Since " + old.name(), "not compared: a last point was not built");
  const auto fixed = std::count_if(d.changed.begin(), d.changed.end(),
                                   [](const auto& r) { return r.red_before && !r.red_now; });
  const auto fresh = std::count_if(d.changed.begin(), d.changed.end(),
                                   [](const auto& r) { return r.red_now && !r.red_before; });
  out.add("Since " + old.name(),
          fmt::format("{} fixed, {} new, {} still red", fixed, fresh, d.still_red.size()));
}

/// Of each architecture and configuration; its name where there are several.
void add_lines_run(const RunData& data, Letter& out) {
  if (!data.measured) return;
  const auto& kernels = data.measured->kernels;
  for (const auto& k : kernels) {
    const auto words = coverage::to_words(coverage::sum(coverage::patch_coverage(*data.measured, k)));
    out.add(&k == &kernels.front() ? "Lines" : "", kernels.size() == 1 ? words : k.kernel + ": " + words);
  }
}

void add_skips(const CoverTotals& totals, Letter& out) {
  std::vector<std::pair<std::size_t, std::string>> reasons;
  for (const auto& [reason, n] : totals.skips) reasons.emplace_back(n, reason);
  std::sort(reasons.rbegin(), reasons.rend());
  for (std::size_t i = 0; i < std::min(reasons.size(), most_skips); ++i)
    out.add(i == 0 ? "Skipped" : "",
            fmt::format("{}: {}", count_of(reasons[i].first, "test"), reasons[i].second), 1);
  if (reasons.size() > most_skips)
    out.add("", fmt::format("and for {} other reasons", reasons.size() - most_skips), 1);
}

}  // namespace

Result<std::string> cover(const store::Store& store, const store::RunRow& run, const CoverFacts& facts) {
  PINRIG_TRY(now, load_version(store, run));
  PINRIG_TRY(old, version_before(store, now));
  CoverTotals totals;
  for (const auto& k : now.data.kernels) count_tests(k, totals);
  const auto points = points_of(now.data);
  Letter out;
  out.add("Tested", fmt::format("with pinrig on {}", cover_base(now.data)));
  out.add("Guests", archs_of(now.data, facts), 1);
  out.add("Results",
          fmt::format("{}, {} at {}: {}{}", count_of(totals.tests, "test"), count_of(totals.cases, "case"),
                      count_of(points.size(), "point"), verdict_words(totals),
                      totals.unexpected == 0 ? "; all as expected"
                                             : fmt::format("; {} not as expected", totals.unexpected)));
  if (totals.counted)
    out.add("Pins",
            totals.left == 0
                ? "acquired = released after every test, at every point"
                : fmt::format("{} outstanding", count_of(static_cast<std::size_t>(totals.left), "page")),
            1);
  add_lines_run(now.data, out);
  out.add("Suites", join({totals.suites.begin(), totals.suites.end()}, " "), 2);
  if (old) add_since(*old, now, out);
  add_skips(totals, out);
  if (!facts.repeat.empty()) out.add("Repeat", facts.repeat);
  return out.text("Not shown: real hardware, other page sizes and configurations, performance.");
}

}  // namespace pinrig::report
