// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.h"
#include "report/review.h"
#include "report/versions.h"

namespace pinrig::report {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t most_tests = 8;  ///< of a file

/// Two runs with all that there is to say of them.
struct ComparedRuns {
  VersionData before;
  VersionData now;
  const CompareFacts& facts;
  VersionDiff diff;
  std::vector<UncoveredFile> uncovered;
};

std::string base_words(const VersionData& v) {
  std::string release;
  for (const auto& k : v.data.kernels) {
    if (k.row.point.is_base()) release = k.row.point.version;
  }
  return v.data.run.base + (release.empty() ? "" : " (" + release + ")");
}

/// " 2:  c0ffee123456"
std::string side_of(const store::PatchRow* p, std::size_t width) {
  const std::string number = p == nullptr ? "-" : std::to_string(p->point);
  const std::string commit = p == nullptr ? std::string(12, '-') : p->commit.substr(0, 12);
  return fmt::format("{:>{}}:  {:<12}", number, width, commit.empty() ? "(none)" : commit);
}

std::string patch_lines(const VersionDiff& d, const Painter& p) {
  std::size_t width = 1;
  for (const auto& pair : d.patches) {
    for (const auto* side : {pair.before, pair.now}) {
      if (side != nullptr) width = std::max(width, std::to_string(side->point).size());
    }
  }
  std::string out;
  for (const auto& pair : d.patches)
    out += hanging(
        p,
        fmt::format("  {} {} {} ", side_of(pair.before, width), sign_of(pair.kind), side_of(pair.now, width)),
        (pair.now != nullptr ? pair.now : pair.before)->subject);
  return out.empty() ? "  the runs have no patches on record\n" : out;
}

std::string pair_name(const RowPair& r) {
  return r.more == 0 ? r.name : fmt::format("{} and {} more", r.name, r.more);
}

std::string row_line(const RowPair& r, const std::string& before, const std::string& now, const Painter& p) {
  std::string text =
      fmt::format("{}  {}: {} {} {}", pair_name(r), r.head, r.before.empty() ? "no such case" : r.before,
                  p.arrow(), r.now.empty() ? "no such case" : r.now);
  std::vector<std::string> since;
  if (r.red_before) since.push_back(fmt::format("{}: {}", before, r.since_before));
  if (r.red_now) since.push_back(fmt::format("{}: {}", now, r.since_now));
  if (!since.empty()) text += "  (" + join(since, ", ") + ")";
  const std::string sign = r.red_now      ? p.bad(p.sign("✗ ", "! "))
                           : r.red_before ? p.good(p.sign("✓ ", "  "))
                                          : "  ";
  return hanging(p, "  " + sign, text);
}

std::string still_line(const RowPair& r, const std::string& before, const std::string& now,
                       const Painter& p) {
  const std::string words = r.before == r.now ? r.now : fmt::format("{} {} {}", r.before, p.arrow(), r.now);
  std::string since = fmt::format("{}: {}", before, r.since_before);
  if (r.red_now) since += fmt::format(", {}: {}", now, r.since_now);
  return hanging(p, "  " + p.bad(p.sign("✗ ", "! ")),
                 fmt::format("{}  {}: {}  ({})", pair_name(r), r.head, words, since));
}

/// "block/bio.c (patch 2): bio/dio_fork, bio/dio_rw"
std::string uncovered_line(const UncoveredFile& u, const Painter& p) {
  std::vector<std::string> numbers;
  for (const int n : u.patches) numbers.push_back(std::to_string(n));
  auto tests = u.tests;
  if (tests.size() > most_tests) {
    const auto more = tests.size() - most_tests;
    tests.resize(most_tests);
    tests.push_back(fmt::format("{} more", more));
  }
  return hanging(
      p, "  ",
      fmt::format("{} ({} {}): {}", u.file, numbers.size() == 1 ? "patch" : "patches", join(numbers, ", "),
                  u.known ? join(tests, ", ") : "not known, no stored run with --coverage has it"));
}

/// What two runs are called: "v7", "v8".
struct VersionNames {
  std::string before;
  std::string now;
};

VersionNames names_of(const VersionData& a, const VersionData& b) {
  VersionNames out{a.name(), b.name()};
  // Two runs of one version are told apart by their ids.
  if (out.before == out.now) out = {a.data.run.id, b.data.run.id};
  return out;
}

std::string patches_title(const ComparedRuns& c, const Painter& p) {
  if (c.diff.by_git) return p.bold("patches") + ", by git range-diff\n";
  if (c.diff.patches.empty()) return p.bold("patches") + "\n";
  const std::string why = c.facts.links ? "git range-diff has other commits" : c.facts.why_not;
  return hanging(p, p.bold("patches") + ", ",
                 "paired by patch-id, then by subject" + (why.empty() ? "" : ": " + why));
}

std::string versions_text(const ComparedRuns& c, const Painter& p) {
  const auto& d = c.diff;
  const auto [old, fresh] = names_of(c.before, c.now);
  std::string out = p.bold(fmt::format("{} {} {}", old, p.arrow(), fresh)) +
                    fmt::format("  runs {} and {}", c.before.data.run.id, c.now.data.run.id) + "\n";
  if (!d.same_base)
    out = p.warn("different bases: ") + base_words(c.before) + " and " + base_words(c.now) + "\n" + out;
  out += "\n" + patches_title(c, p) + patch_lines(d, p);
  out += "\n" + p.bold("changed at the last point") + "\n";
  for (const auto& r : d.changed) out += row_line(r, old, fresh, p);
  if (d.changed.empty()) out += "  nothing\n";
  for (const auto& head : d.not_built)
    out += "  " + head + ": not compared, one of the kernels was not built\n";
  for (const auto& head : d.only_first) out += fmt::format("  {}: not compared, {} has none\n", head, fresh);
  out += "\n" + p.bold(fmt::format("red in {} and not fixed", old)) + "\n";
  for (const auto& r : d.still_red) out += still_line(r, old, fresh, p);
  if (d.still_red.empty()) out += "  nothing\n";
  if (!c.uncovered.empty())
    out += "\n" + p.bold("not run, though known to run code of files that the patches change") + "\n";
  for (const auto& u : c.uncovered) out += uncovered_line(u, p);
  if (!d.not_run.empty())
    out += "\n" + p.bold("not run again") + "\n" + hanging(p, "  ", join(d.not_run, ", "));
  return out;
}

ordered_json patch_json(const store::PatchRow* p) {
  if (p == nullptr) return nullptr;
  return {{"number", p->point}, {"commit", p->commit}, {"patch_id", p->patch_id}, {"subject", p->subject}};
}

ordered_json rows_json(const std::vector<RowPair>& rows) {
  const auto word = [](const std::string& w) { return w.empty() ? ordered_json(nullptr) : ordered_json(w); };
  ordered_json out = ordered_json::array();
  for (const auto& r : rows)
    out.push_back({{"name", r.name},
                   {"more_cases", r.more},
                   {"column", r.head},
                   {"before", word(r.before)},
                   {"now", word(r.now)},
                   {"red_before_since", word(r.since_before)},
                   {"red_now_since", word(r.since_now)}});
  return out;
}

ordered_json uncovered_json(const std::vector<UncoveredFile>& files) {
  ordered_json out = ordered_json::array();
  for (const auto& u : files)
    out.push_back({{"file", u.file}, {"patches", u.patches}, {"known", u.known}, {"tests", u.tests}});
  return out;
}

Result<ComparedRuns> compare_both(const store::Store& store, const store::RunRow& before,
                                  const store::RunRow& now, const CompareFacts& facts) {
  PINRIG_TRY(a, load_version(store, before));
  PINRIG_TRY(b, load_version(store, now));
  ComparedRuns out{std::move(a), std::move(b), facts, {}, {}};
  out.diff = compare_versions(out.before, out.now, facts.links);
  std::set<std::string> files;
  for (const auto& [commit, of] : facts.files) files.insert(of.begin(), of.end());
  PINRIG_TRY(covering, covering_tests(store, files));
  out.uncovered = uncovered_files(out.diff.patches, facts.files, covering, out.now);
  return out;
}

}  // namespace

Result<std::vector<std::string>> changed_commits(const store::Store& store, const store::RunRow& before,
                                                 const store::RunRow& now, const CompareFacts& facts) {
  PINRIG_TRY(old, store.patches(before.id));
  PINRIG_TRY(fresh, store.patches(now.id));
  const auto by_git = facts.links ? pair_as(*facts.links, old, fresh) : std::nullopt;
  std::vector<std::string> out;
  for (const auto& pair : by_git ? *by_git : pair_patches(old, fresh)) {
    const bool differs = pair.kind == PatchPair::Kind::changed || pair.kind == PatchPair::Kind::fresh;
    if (differs && !pair.now->commit.empty()) out.push_back(pair.now->commit);
  }
  return out;
}

Result<std::string> compare_runs(const store::Store& store, const store::RunRow& before,
                                 const store::RunRow& now, const CompareFacts& facts, const Style& style) {
  PINRIG_TRY(both, compare_both(store, before, now, facts));
  return versions_text(both, Painter(style));
}

Result<std::string> compare_runs_json(const store::Store& store, const store::RunRow& before,
                                      const store::RunRow& now, const CompareFacts& facts) {
  PINRIG_TRY(both, compare_both(store, before, now, facts));
  const auto& d = both.diff;
  ordered_json out{{"format", "pinrig-compare"}, {"version", 1}, {"before", before.id}, {"now", now.id}};
  out["same_base"] = d.same_base;
  out["paired_by"] = d.by_git ? "git range-diff" : "patch-id and subject";
  out["patches"] = ordered_json::array();
  for (const auto& pair : d.patches)
    out["patches"].push_back({{"mark", std::string(1, sign_of(pair.kind))},
                              {"before", patch_json(pair.before)},
                              {"now", patch_json(pair.now)}});
  out["changed"] = rows_json(d.changed);
  out["still_red"] = rows_json(d.still_red);
  out["not_run"] = d.not_run;
  out["not_built"] = d.not_built;
  out["only_before"] = d.only_first;
  out["uncovered"] = uncovered_json(both.uncovered);
  return out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace pinrig::report
