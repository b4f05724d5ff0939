// SPDX-License-Identifier: GPL-2.0
// KTAP version 1 (Documentation/dev-tools/ktap.rst): cells, tests and cases as nested subtests.
#include <fmt/format.h>

#include <algorithm>

#include "report/report.h"
#include "report/run_data.h"

namespace pinrig::report {
namespace {

using model::Verdict;

/// One result with what stands below it.
struct Item {
  std::string name;
  bool ok = true;
  std::string directive;                 ///< "SKIP reason"; empty = none
  std::vector<std::string> diagnostics;  ///< printed before the result
  std::vector<Item> below;
};

/// '#' would begin a directive.
std::string ktap_name(std::string name) {
  std::replace(name.begin(), name.end(), '#', '_');
  return name.empty() ? "unnamed" : name;
}

std::string with_reason(const char* directive, const std::string& reason) {
  return reason.empty() ? directive : fmt::format("{} {}", directive, reason);
}

/// The result line that a verdict earns: what is as expected is ok, whatever it is.
Item item_of(const std::string& name, const model::TestVerdict& v) {
  Item i{ktap_name(name), v.expected, "", {}, {}};
  if (v.expected && v.verdict == Verdict::skip)
    i.directive = with_reason("SKIP", v.detail);
  else if (v.expected && (is_bad(v.verdict) || v.verdict == Verdict::xfail))
    i.directive = with_reason("XFAIL", fmt::format("{}{}{}", model::to_string(v.verdict),
                                                   v.expectation.empty() ? "" : ", ", v.expectation));
  else if (!v.expected && v.verdict == Verdict::timeout)
    i.directive = with_reason("TIMEOUT", v.detail);
  else if (!v.expected &&
           (v.verdict == Verdict::error || v.verdict == Verdict::missing || v.verdict == Verdict::crash))
    i.directive = with_reason("ERROR", v.detail);
  if (v.verdict != Verdict::pass || !v.expected)
    i.diagnostics.push_back(
        fmt::format("{}{}{}", model::to_string(v.verdict), v.detail.empty() ? "" : ": ", v.detail));
  if (!v.expected && !v.expectation.empty()) i.diagnostics.push_back("expected otherwise: " + v.expectation);
  return i;
}

std::string pins_line(const model::PinLedger& l) {
  if (!l.available) return "pins: not available";
  return fmt::format("pins: {} acquired, {} released, {} outstanding", l.acquired(), l.released(),
                     l.outstanding());
}

Item test_item(const TestData& t) {
  Item self = item_of(t.row.verdict.test, t.row.verdict);
  if (t.row.ledger) self.diagnostics.push_back(pins_line(*t.row.ledger));
  if (t.cases.empty()) return self;
  Item parent{self.name, t.as_expected(), "", {}, {}};
  for (const auto& c : t.cases) parent.below.push_back(item_of(c.case_name, c));
  // The judgement on the test as a whole (its pins, its exit, the kernel log) is none of the cases'.
  self.name = "whole test";
  parent.below.push_back(std::move(self));
  return parent;
}

Item job_item(const JobData& data) {
  const auto& j = data.job;
  Item cell{ktap_name(j.cell_id), true, "", {}, {}};
  for (const auto& t : data.tests) cell.below.push_back(test_item(t));
  Item job{"job", data.completed(), "", {}, {}};
  job.diagnostics.push_back(fmt::format("kernel {}, accelerator {}",
                                        j.kernel_release.empty() ? "none" : j.kernel_release,
                                        j.accel.empty() ? "none" : j.accel));
  if (const auto can = capability_words(j.capabilities); !can.empty())
    job.diagnostics.push_back("capabilities: " + can);
  if (!data.elsewhere.empty())
    job.diagnostics.push_back("capabilities, other runs of this kernel: " + capability_words(data.elsewhere));
  if (!data.completed())
    job.directive =
        with_reason("ERROR", fmt::format("{} {}", model::to_string(j.outcome.kind), j.outcome.detail));
  for (const auto& u : j.unmet) job.diagnostics.push_back("not met: " + u);
  job.ok = data.completed() && j.unmet.empty();
  cell.below.push_back(std::move(job));
  cell.ok = std::all_of(cell.below.begin(), cell.below.end(), [](const Item& i) { return i.ok; });
  return cell;
}

void print(const std::vector<Item>& items, const std::string& indent, std::string& out) {
  out += fmt::format("{}KTAP version 1\n{}1..{}\n", indent, indent, items.size());
  std::size_t number = 0;
  for (const auto& i : items) {
    if (!i.below.empty()) print(i.below, indent + "  ", out);
    for (const auto& d : i.diagnostics) out += fmt::format("{}# {}\n", indent, d);
    out += fmt::format("{}{} {} {}{}{}\n", indent, i.ok ? "ok" : "not ok", ++number, i.name,
                       i.directive.empty() ? "" : " # ", i.directive);
  }
}

}  // namespace

Result<std::string> ktap(const store::Store& store, const store::RunRow& run) {
  PINRIG_TRY(data, load(store, run));
  std::vector<Item> items;
  for (const auto& j : data.jobs) items.push_back(job_item(j));
  std::string out;
  print(items, "", out);
  return out;
}

}  // namespace pinrig::report
