// SPDX-License-Identifier: GPL-2.0
// Base next to tip.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "assess/compare.h"
#include "base/text.h"
#include "report/digest_changes.h"
#include "report/sections.h"

namespace pinrig::report {
namespace {

using assess::Delta;
using assess::DeltaKind;

constexpr std::size_t max_cases = 5;  ///< of one test; more are counted
constexpr std::size_t max_name = 44;  ///< columns for names, when they are aligned

/// The same change on every architecture and configuration where it was seen.
struct ChangeLine {
  Delta delta;
  std::vector<std::string> columns;
  bool expected = true;  ///< the verdict at the tip is as it should be
  std::string since;     ///< the first point that has it, when points between were run
};

bool alike(const Delta& a, const Delta& b) {
  const auto verdict = [](const std::optional<assess::Seen>& s) {
    return s ? std::optional(s->verdict) : std::nullopt;
  };
  return a.kind == b.kind && a.test == b.test && a.case_name == b.case_name &&
         verdict(a.before) == verdict(b.before) && verdict(a.after) == verdict(b.after);
}

bool same_column(const KernelData& a, const KernelData& b) {
  return a.row.arch == b.row.arch && a.row.config.name == b.row.config.name;
}

/// The kernel whose base is compared with it: the tip, or the last point that was run.
const KernelData* last_point_of(const RunData& data, const KernelData& base) {
  const KernelData* last = nullptr;
  for (const auto& k : data.kernels) {
    if (same_column(k, base) && !k.row.point.is_base() &&
        (k.row.is_tip || last == nullptr || !last->row.is_tip))
      last = &k;
  }
  return last;
}

/// The first point after the base whose verdict is that of the tip.
std::string since_text(const RunData& data, const KernelData& base, const Delta& d) {
  std::size_t points = 0;
  std::string found;
  for (const auto& k : data.kernels) {
    if (!same_column(k, base) || k.row.point.is_base()) continue;
    ++points;
    const auto* row = row_of(k, d);
    if (!found.empty() || row == nullptr || !d.after || row->verdict().verdict != d.after->verdict) continue;
    found = fmt::format("since patch {}: {}", k.row.point.number, k.row.point.subject);
  }
  return points > 1 ? found : "";
}

/// A kernel that was not built changed nothing: its own line says why.
bool has_rows(const KernelData& k) { return k.built() && !k.tests().empty(); }

std::string column_of(const KernelData& k) {
  return model::to_string(k.row.arch) + (k.row.config.name.empty() ? "" : " " + k.row.config.name);
}

void collect(const RunData& data, const KernelData& base, std::vector<ChangeLine>& out,
             std::vector<std::string>& left_out) {
  const KernelData* tip = last_point_of(data, base);
  if (tip == nullptr) return;
  for (const KernelData* k : {&base, tip}) {
    if (has_rows(*k)) continue;
    left_out.push_back(
        fmt::format("{}: not compared, {} was not tested", column_of(base), k->row.point.label));
    return;
  }
  // What went with its guest was not tested: that is no difference.
  auto without = untested(base);
  without.merge(untested(*tip));
  for (auto& d : assess::compare(results_without(base, without), results_without(*tip, without))) {
    if (d.kind == DeltaKind::same) continue;
    ChangeLine c{d, {column_of(base)}, true, since_text(data, base, d)};
    if (const auto* row = row_of(*tip, d))
      c.expected = row->expected();
    else
      c.expected = std::none_of(tip->row.lost.begin(), tip->row.lost.end(), [&](const auto& l) {
        return l.test == d.test && l.case_name == d.case_name;
      });
    const auto same = std::find_if(out.begin(), out.end(), [&](const ChangeLine& o) {
      return alike(o.delta, c.delta) && o.expected == c.expected && o.since == c.since;
    });
    if (same != out.end())
      same->columns.push_back(column_of(base));
    else
      out.push_back(std::move(c));
  }
}

/// Unexpected changes, then regressions, then fixed, gone and new.
int order_of(const ChangeLine& c) {
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

std::string kind_text(const ChangeLine& c, const Painter& p) {
  const std::string word = pad(assess::to_string(c.delta.kind), 10);
  if (!c.expected) return p.bad(word);
  if (c.delta.kind == DeltaKind::regression) return p.warn(word);
  return c.delta.kind == DeltaKind::fixed ? p.good(word) : word;
}

std::string row_name(const Delta& d) { return d.test + (d.case_name.empty() ? "" : ":" + d.case_name); }

std::string from_to(const Delta& d, const Painter& p) {
  const auto word = [](const std::optional<assess::Seen>& s) {
    return s ? model::to_string(s->verdict) : "absent";
  };
  return fmt::format("{} {} {}", word(d.before), p.arrow(), word(d.after));
}

/// Kind, name, from and to in columns, as long as the names are not too wide for that.
std::string one_line(const ChangeLine& c, std::size_t name_width, const Painter& p) {
  std::string rest = join(c.columns, ", ");
  if (c.delta.kind == DeltaKind::regression && c.expected) rest += ", as expected";
  if (!c.since.empty()) rest += ", " + c.since;
  const std::string first = "  " + kind_text(c, p) + "  " + pad(row_name(c.delta), name_width) + "  " +
                            pad(from_to(c.delta, p), 16) + "  ";
  if (width_of(first) + 24 <= p.width()) return hanging(p, first, rest);
  return hanging(p, "  " + kind_text(c, p) + "  ",
                 row_name(c.delta) + "  " + from_to(c.delta, p) + "  " + rest);
}

using Hidden = std::map<std::string, std::size_t>;

/// What is printed, and how many cases of which test are not.
std::pair<std::vector<ChangeLine>, Hidden> pick(std::vector<ChangeLine> all, bool verbose) {
  std::vector<ChangeLine> out;
  Hidden shown;
  Hidden hidden;
  for (auto& c : all) {
    if (!verbose && !c.delta.case_name.empty() && ++shown[c.delta.test] > max_cases)
      ++hidden[c.delta.test];
    else
      out.push_back(std::move(c));
  }
  return {std::move(out), std::move(hidden)};
}

}  // namespace

std::string changes(const RunData& data, const Painter& p) {
  std::vector<ChangeLine> all;
  std::vector<std::string> left_out;
  bool compared = false;
  for (const auto& k : data.kernels) {
    if (!k.row.point.is_base()) continue;
    compared = compared || last_point_of(data, k) != nullptr;
    collect(data, k, all, left_out);
  }
  if (!compared) return "";
  std::stable_sort(all.begin(), all.end(),
                   [](const ChangeLine& a, const ChangeLine& b) { return order_of(a) < order_of(b); });
  std::string out = p.bold("changed from base to tip") + "\n";
  const auto [lines, hidden] = pick(std::move(all), p.style().verbose);
  std::size_t width = 0;
  for (const auto& c : lines) width = std::max(width, std::min(width_of(row_name(c.delta)), max_name));
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
