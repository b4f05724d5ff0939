// SPDX-License-Identifier: GPL-2.0
#include "report/why_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/text.h"

namespace pinrig::report {
namespace {

void append(std::vector<std::string>& out, const std::vector<std::string>& lines, std::size_t limit) {
  const std::size_t n = std::min(lines.size(), limit);
  for (std::size_t i = 0; i < n; ++i) out.push_back("  " + lines[i]);
  if (lines.size() > n) out.push_back(fmt::format("  ({} more lines)", lines.size() - n));
}

std::string verdict_line(const Why& w) {
  const std::string word = model::to_string(w.verdict);
  const std::string detail = w.detail.empty() ? "" : ": " + w.detail;
  if (w.expected && !w.cases.empty() && !is_bad(w.verdict))
    return word + detail + " (the test itself is as expected, its cases are not)";
  const char* how = !is_bad(w.verdict) || !w.expected ? "" : w.rule ? ", as expected" : ", not assessed yet";
  return word + how + detail;
}

std::string group_line(const CaseGroup& g) {
  const std::string& why = g.detail.empty() ? g.reason : g.detail;
  const std::string more = g.names.size() > 1 ? fmt::format(" and {} more", g.names.size() - 1) : "";
  return fmt::format("{}: {}{}{}", model::to_string(g.verdict), g.names.front(), more,
                     why.empty() ? "" : ": " + why);
}

}  // namespace

WhyLimits WhyLimits::none() {
  constexpr auto all = std::numeric_limits<std::size_t>::max();
  return {all, all, all, all};
}

std::string pins_line(const model::PinLedger& l) {
  if (!l.available) return "pins: not available, this kernel does not count pins";
  return fmt::format("pins: {} acquired, {} released: {}", l.acquired(), l.released(),
                     signed_count_of(l.outstanding(), "base page"));
}

std::string event_line(const model::KernelEvent& e) {
  return fmt::format("{}{}, console line {}{}", e.title,
                     e.count > 1 ? fmt::format(", {} times", e.count) : "", e.first_line,
                     e.fatal ? ", fatal" : "");
}

std::vector<std::string> why_lines(const Why& w, const WhyLimits& limits) {
  std::vector<std::string> out{verdict_line(w)};
  if (!w.reason.empty() && w.rule == model::Rule::otherwise)
    out.push_back("expected otherwise: " + w.reason);
  else if (!w.reason.empty() && w.reason != w.detail)
    out.push_back("reason: " + w.reason);
  if (w.ledger && (is_bad(w.verdict) || !w.expected)) out.push_back(pins_line(*w.ledger));
  append(out, w.diagnostics, limits.diagnostics);
  for (std::size_t i = 0; i < std::min(w.cases.size(), limits.groups); ++i) {
    out.push_back(group_line(w.cases[i]));
    append(out, w.cases[i].diagnostics, limits.diagnostics);
  }
  if (w.cases.size() > limits.groups)
    out.push_back(fmt::format("and cases that failed in {} other ways", w.cases.size() - limits.groups));
  for (std::size_t i = 0; i < std::min(w.events.size(), limits.events); ++i) {
    out.push_back("kernel log: " + event_line(w.events[i]));
    if (i == 0) append(out, located_text(w.events[i]), limits.trace);
  }
  if (w.events.size() > limits.events)
    out.push_back(fmt::format("and {} other kernel reports", w.events.size() - limits.events));
  return out;
}

}  // namespace pinrig::report
