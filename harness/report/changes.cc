// SPDX-License-Identifier: GPL-2.0
// Base next to tip, as text.
#include <fmt/format.h>

#include <algorithm>

#include "assess/compare.h"
#include "base/text.h"
#include "report/sections.h"

namespace pinrig::report {
namespace {

using assess::Delta;
using assess::DeltaKind;

constexpr std::size_t max_case_lines = 5;  ///< of one test; more are counted
constexpr std::size_t max_name = 44;       ///< columns for names, when they are aligned

std::string kind_text(const Change& c, const Painter& p) {
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
std::string one_line(const Change& c, std::size_t name_width, const Painter& p) {
  std::string rest = join(c.columns, ", ");
  if (c.delta.kind == DeltaKind::regression && c.expected) rest += ", as expected";
  if (c.since > 0 && c.since_from == c.since) rest += fmt::format(", since patch {}: {}", c.since, c.subject);
  if (c.since > c.since_from)
    rest += fmt::format(", since one of the patches {} to {}", c.since_from, c.since);
  const std::string first = "  " + kind_text(c, p) + "  " + pad(row_name(c.delta), name_width) + "  " +
                            pad(from_to(c.delta, p), 16) + "  ";
  if (width_of(first) + 24 <= p.width()) return hanging(p, first, rest);
  return hanging(p, "  " + kind_text(c, p) + "  ",
                 row_name(c.delta) + "  " + from_to(c.delta, p) + "  " + rest);
}

using Hidden = std::map<std::string, std::size_t>;

/// What is printed, and how many cases of which test are not.
std::pair<std::vector<const Change*>, Hidden> pick(const std::vector<Change>& all, bool verbose) {
  std::vector<const Change*> out;
  Hidden shown;
  Hidden hidden;
  for (const auto& c : all) {
    if (!verbose && !c.delta.case_name.empty() && ++shown[c.delta.test] > max_case_lines)
      ++hidden[c.delta.test];
    else
      out.push_back(&c);
  }
  return {std::move(out), std::move(hidden)};
}

std::string not_compared_text(const NotCompared& n) {
  const auto& k = n.kernel->row;
  if (n.tests == 0)
    return fmt::format("{}: not compared, {} was not tested", comparison_name(k), k.point.label);
  return fmt::format("{}: {} of {} not compared: not tested there", comparison_name(k),
                     count_of(n.tests, "test"), k.point.label);
}

}  // namespace

std::string changes(const Digest& d, const Painter& p) {
  if (!d.compared) return "";
  std::string out = p.bold("changed from base to tip") + "\n";
  const auto [lines, hidden] = pick(d.changes, p.style().verbose);
  std::size_t width = 0;
  for (const auto* c : lines) width = std::max(width, std::min(width_of(row_name(c->delta)), max_name));
  for (const auto* c : lines) out += one_line(*c, width, p);
  for (const auto& [test, n] : hidden)
    out += p.dim(fmt::format("  and {} of {} (--verbose lists them)", count_of(n, "more case"), test)) + "\n";
  for (const auto& n : d.not_compared) out += p.warn("  " + not_compared_text(n)) + "\n";
  if (lines.empty() && d.not_compared.empty()) out += p.good("  nothing") + "\n";
  return out;
}

}  // namespace pinrig::report
