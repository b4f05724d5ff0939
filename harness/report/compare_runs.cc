// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "report/review.h"
#include "report/versions.h"

namespace pinrig::report {
namespace {

using nlohmann::ordered_json;

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
  return hanging(p, "  " + p.bad(p.sign("✗ ", "! ")),
                 fmt::format("{}  {}: {}  ({}: {}, {}: {})", pair_name(r), r.head, r.now, before,
                             r.since_before, now, r.since_now));
}

std::string versions_text(const VersionData& a, const VersionData& b, const VersionDiff& d,
                          const Painter& p) {
  std::string old = a.name();
  std::string fresh = b.name();
  // Two runs of one version are told apart by their ids.
  if (old == fresh) {
    old = a.data.run.id;
    fresh = b.data.run.id;
  }
  std::string out = p.bold(fmt::format("{} {} {}", old, p.arrow(), fresh)) +
                    fmt::format("  runs {} and {}", a.data.run.id, b.data.run.id) + "\n";
  if (!d.same_base) out = p.warn("different bases: ") + base_words(a) + " and " + base_words(b) + "\n" + out;
  out += "\n" + p.bold("patches") + "\n" + patch_lines(d, p);
  out += "\n" + p.bold("changed at the last point") + "\n";
  for (const auto& r : d.changed) out += row_line(r, old, fresh, p);
  if (d.changed.empty()) out += "  nothing\n";
  for (const auto& head : d.not_built)
    out += "  " + head + ": not compared, one of the kernels was not built\n";
  if (!d.still_red.empty()) out += "\n" + p.bold("still not as expected") + "\n";
  for (const auto& r : d.still_red) out += still_line(r, old, fresh, p);
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

struct Pair {
  VersionData before;
  VersionData now;
};

Result<Pair> load_both(const store::Store& store, const store::RunRow& before, const store::RunRow& now) {
  PINRIG_TRY(a, load_version(store, before));
  PINRIG_TRY(b, load_version(store, now));
  return Pair{std::move(a), std::move(b)};
}

}  // namespace

Result<std::string> compare_runs(const store::Store& store, const store::RunRow& before,
                                 const store::RunRow& now, const Style& style) {
  PINRIG_TRY(both, load_both(store, before, now));
  return versions_text(both.before, both.now, compare_versions(both.before, both.now), Painter(style));
}

Result<std::string> compare_runs_json(const store::Store& store, const store::RunRow& before,
                                      const store::RunRow& now) {
  PINRIG_TRY(both, load_both(store, before, now));
  const auto d = compare_versions(both.before, both.now);
  ordered_json out{{"format", "pinrig-compare"}, {"version", 1}, {"before", before.id}, {"now", now.id}};
  out["same_base"] = d.same_base;
  out["patches"] = ordered_json::array();
  for (const auto& pair : d.patches)
    out["patches"].push_back({{"mark", std::string(1, sign_of(pair.kind))},
                              {"before", patch_json(pair.before)},
                              {"now", patch_json(pair.now)}});
  out["changed"] = rows_json(d.changed);
  out["still_red"] = rows_json(d.still_red);
  out["not_run"] = d.not_run;
  out["not_built"] = d.not_built;
  return out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace pinrig::report
