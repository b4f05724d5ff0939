// SPDX-License-Identifier: GPL-2.0
// Base beside tip.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "report/sections.h"
#include "verdict/compare.h"

namespace pinrig::report {
namespace {

using verdict::Delta;
using verdict::DeltaKind;

constexpr std::size_t most_cases = 5;  ///< of one test; more are counted
constexpr std::size_t most_name = 44;  ///< columns for names, when they are aligned

/// The same change on every architecture where it was seen.
struct Change {
  Delta delta;
  std::vector<model::Arch> archs;
  bool expected = true;  ///< the verdict at the tip is as the series says
  std::string since;     ///< the first point that has it, when points between were run
};

bool alike(const Delta& a, const Delta& b) {
  return a.kind == b.kind && a.test == b.test && a.case_name == b.case_name && a.base == b.base &&
         a.tip == b.tip;
}

const model::TestVerdict* find_verdict(const JobData& j, const Delta& d) {
  const TestData* t = j.find(d.test);
  if (t == nullptr || d.case_name.empty()) return t == nullptr ? nullptr : &t->row.verdict;
  for (const auto& c : t->cases) {
    if (c.case_name == d.case_name) return &c;
  }
  return nullptr;
}

const JobData* tip_of(const RunData& data, model::Arch arch) {
  const JobData* last = nullptr;
  for (const auto& j : data.jobs) {
    if (j.job.arch == arch && j.job.point.number > 0 &&
        (j.job.is_tip || last == nullptr || !last->job.is_tip))
      last = &j;
  }
  return last;
}

/// The first point after the base whose verdict is that of the tip.
std::string first_seen(const RunData& data, model::Arch arch, const Delta& d) {
  std::size_t points = 0;
  std::string found;
  for (const auto& j : data.jobs) {
    if (j.job.arch != arch || j.job.point.number == 0) continue;
    ++points;
    const auto* v = find_verdict(j, d);
    if (!found.empty() || v == nullptr || !d.tip || v->verdict != *d.tip) continue;
    found = fmt::format("since patch {}: {}", j.job.point.number, j.job.point.subject);
  }
  return points > 1 ? found : "";
}

void collect(const RunData& data, model::Arch arch, std::vector<Change>& out,
             std::vector<std::string>& left_out) {
  const JobData* base = data.find(arch, 0);
  const JobData* tip = tip_of(data, arch);
  if (base == nullptr || tip == nullptr) return;
  for (const JobData* j : {base, tip}) {
    if (!j->tests.empty()) continue;
    left_out.push_back(
        fmt::format("{}: not compared, {} has no verdicts", model::to_string(arch), j->job.point.label));
    return;
  }
  for (auto& d : verdict::compare(base->verdicts(), tip->verdicts())) {
    if (d.kind == DeltaKind::same) continue;
    Change c{d, {arch}, true, first_seen(data, arch, d)};
    if (const auto* v = find_verdict(*tip, d)) c.expected = v->expected;
    const auto same = std::find_if(out.begin(), out.end(), [&](const Change& o) {
      return alike(o.delta, c.delta) && o.expected == c.expected && o.since == c.since;
    });
    if (same != out.end())
      same->archs.push_back(arch);
    else
      out.push_back(std::move(c));
  }
}

/// What nobody expected, then regressions, then fixed, gone and new.
int order_of(const Change& c) {
  if (!c.expected) return c.delta.kind == DeltaKind::regression ? 0 : 1;
  switch (c.delta.kind) {
    case DeltaKind::regression:
      return 2;
    case DeltaKind::fixed:
      return 3;
    case DeltaKind::gone:
      return 4;
    case DeltaKind::fresh:
      return 5;
    case DeltaKind::same:
      return 6;
  }
  return 6;
}

std::string kind_text(const Change& c, const Painter& p) {
  const std::string word = pad(verdict::to_string(c.delta.kind), 10);
  if (!c.expected) return p.bad(word);
  if (c.delta.kind == DeltaKind::regression) return p.warn(word);
  return c.delta.kind == DeltaKind::fixed ? p.good(word) : word;
}

std::string name_of(const Delta& d) { return d.test + (d.case_name.empty() ? "" : ":" + d.case_name); }

std::string from_to(const Delta& d, const Painter& p) {
  const auto word = [](const std::optional<model::Verdict>& v) {
    return v ? model::to_string(*v) : "not there";
  };
  return fmt::format("{} {} {}", word(d.base), p.arrow(), word(d.tip));
}

std::string arch_list(const Change& c) {
  std::vector<std::string> names;
  for (const auto a : c.archs) names.emplace_back(model::to_string(a));
  return join(names, ", ");
}

/// Kind, name, from and to in columns, as long as the names are not too wide for that.
std::string one_line(const Change& c, std::size_t name_width, const Painter& p) {
  std::string rest = arch_list(c);
  if (c.delta.kind == DeltaKind::regression && c.expected) rest += ", as expected";
  if (!c.since.empty()) rest += ", " + c.since;
  const std::string first = "  " + kind_text(c, p) + "  " + pad(name_of(c.delta), name_width) + "  " +
                            pad(from_to(c.delta, p), 16) + "  ";
  if (width_of(first) + 24 <= p.width()) return hanging(p, first, rest);
  return hanging(p, "  " + kind_text(c, p) + "  ",
                 name_of(c.delta) + "  " + from_to(c.delta, p) + "  " + rest);
}

using Hidden = std::map<std::string, std::size_t>;

/// What is printed, and how many cases of which test are not.
std::pair<std::vector<Change>, Hidden> pick(std::vector<Change> all, bool verbose) {
  std::vector<Change> out;
  Hidden shown;
  Hidden hidden;
  for (auto& c : all) {
    if (!verbose && !c.delta.case_name.empty() && ++shown[c.delta.test] > most_cases)
      ++hidden[c.delta.test];
    else
      out.push_back(std::move(c));
  }
  return {std::move(out), std::move(hidden)};
}

}  // namespace

std::string changes(const RunData& data, const Painter& p) {
  std::vector<Change> all;
  std::vector<std::string> left_out;
  bool compared = false;
  for (const auto arch : data.archs()) {
    compared = compared || (data.find(arch, 0) != nullptr && tip_of(data, arch) != nullptr);
    collect(data, arch, all, left_out);
  }
  if (!compared) return "";
  std::stable_sort(all.begin(), all.end(),
                   [](const Change& a, const Change& b) { return order_of(a) < order_of(b); });
  std::string out = p.bold("changed from base to tip") + "\n";
  const auto [lines, hidden] = pick(std::move(all), p.style().verbose);
  std::size_t width = 0;
  for (const auto& c : lines) width = std::max(width, std::min(width_of(name_of(c.delta)), most_name));
  for (const auto& c : lines) out += one_line(c, width, p);
  for (const auto& [test, n] : hidden)
    out +=
        p.dim(fmt::format("  and {} more case{} of {} (--verbose lists them)", n, n == 1 ? "" : "s", test)) +
        "\n";
  for (const auto& line : left_out) out += p.warn("  " + line) + "\n";
  if (lines.empty() && left_out.empty()) out += p.good("  nothing") + "\n";
  return out;
}

}  // namespace pinrig::report
