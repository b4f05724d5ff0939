// SPDX-License-Identifier: GPL-2.0
// KTAP version 1 (Documentation/dev-tools/ktap.rst): kernels, guests, tests and cases as nested subtests.
#include <fmt/format.h>

#include <algorithm>

#include "report/digest.h"
#include "report/patch_lines.h"
#include "report/report.h"
#include "report/selection.h"

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

/// The result line that a row earns: what is as expected is ok, whatever it is.
Item item_of(const std::string& name, const Row& row) {
  const auto& v = row.verdict();
  const bool expected = row.expected();
  const std::string reason = reason_of(row);
  Item i{ktap_name(name), expected, "", {}, {}};
  if (!row.assessment && is_bad(v.verdict))
    i.directive = fmt::format("SKIP {}, not assessed yet", model::to_string(v.verdict));
  else if (expected && v.verdict == Verdict::skip)
    i.directive = with_reason("SKIP", v.detail);
  else if (expected && (is_bad(v.verdict) || v.verdict == Verdict::xfail))
    i.directive = with_reason(
        "XFAIL", fmt::format("{}{}{}", model::to_string(v.verdict), reason.empty() ? "" : ", ", reason));
  else if (!expected && v.verdict == Verdict::timeout)
    i.directive = with_reason("TIMEOUT", v.detail);
  else if (!expected &&
           (v.verdict == Verdict::error || v.verdict == Verdict::missing || v.verdict == Verdict::crash))
    i.directive = with_reason("ERROR", v.detail);
  if (v.verdict != Verdict::pass || !expected)
    i.diagnostics.push_back(
        fmt::format("{}{}{}", model::to_string(v.verdict), v.detail.empty() ? "" : ": ", v.detail));
  if (!expected && !reason.empty()) i.diagnostics.push_back(reason);
  i.diagnostics.insert(i.diagnostics.end(), v.diagnostics.begin(), v.diagnostics.end());
  return i;
}

std::string pins_line(const model::PinLedger& l) {
  if (!l.available) return "pins: not available";
  return fmt::format("pins: {} acquired, {} released, {} outstanding", l.acquired(), l.released(),
                     l.outstanding());
}

Item test_item(const TestData& t) {
  Item self = item_of(t.row.verdict().test, t.row);
  if (t.row.result.ledger) self.diagnostics.push_back(pins_line(*t.row.result.ledger));
  if (t.cases.empty()) return self;
  Item parent{self.name, t.as_expected(), "", {}, {}};
  for (const auto& c : t.cases) parent.below.push_back(item_of(c.verdict().case_name, c));
  // The judgement on the test as a whole (its pins, its exit, the kernel log) is none of the cases'.
  self.name = "whole test";
  parent.below.push_back(std::move(self));
  return parent;
}

bool all_ok(const std::vector<Item>& items) {
  return std::all_of(items.begin(), items.end(), [](const Item& i) { return i.ok; });
}

Item guest_item(const GuestData& data) {
  const auto& g = data.row;
  Item guest{ktap_name(g.id), true, "", {}, {}};
  for (const auto& t : data.tests) guest.below.push_back(test_item(t));
  Item end{"guest", data.as_expected(), "", {}, {}};
  end.diagnostics.push_back(fmt::format("kernel {}, accelerator {}", g.release.empty() ? "none" : g.release,
                                        g.accel.empty() ? "none" : g.accel));
  if (const auto can = capability_words(g.capabilities); !can.empty())
    end.diagnostics.push_back("capabilities: " + can);
  if (data.as_expected() && !data.completed()) end.diagnostics.push_back(outcome_text(g.outcome));
  if (!data.as_expected()) end.directive = with_reason("ERROR", outcome_text(g.outcome));
  guest.below.push_back(std::move(end));
  guest.ok = all_ok(guest.below);
  return guest;
}

Item kernel_item(const RunData& run, const KernelData& data) {
  const auto& k = data.row;
  Item kernel{ktap_name(k.id), true, "", {}, {}};
  if (not_tried(k.state)) {
    kernel.directive = "SKIP its guests could not be prepared";
    return kernel;
  }
  Item build{"build", data.built(), "", {}, {}};
  if (!data.built())
    build.directive = with_reason("ERROR", k.failure.empty() ? store::to_string(k.state) : k.failure);
  kernel.below.push_back(std::move(build));
  if (data.built()) {
    for (const auto& g : data.guests) kernel.below.push_back(guest_item(g));
    Item expectations{"expectations", k.unmet.empty() && k.lost.empty(), "", {}, {}};
    if (!data.elsewhere.empty())
      expectations.diagnostics.push_back("capabilities, other runs of this kernel: " +
                                         capability_words(data.elsewhere));
    for (const auto& u : k.unmet) expectations.diagnostics.push_back("not met: " + u);
    for (const auto& l : k.lost)
      expectations.diagnostics.push_back(fmt::format("gone: {}, {}", name_of(l), text_of(l)));
    if (const auto* lines = lines_of(run, k.id)) {
      for (auto& text : patch_texts(run, *lines)) expectations.diagnostics.push_back(std::move(text));
    }
    kernel.below.push_back(std::move(expectations));
  }
  kernel.ok = all_ok(kernel.below);
  return kernel;
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

Result<std::string> ktap(const store::Store& store, const store::RunRow& run, const Selection& what) {
  PINRIG_TRY(data, load(store, run, what.assessment));
  PINRIG_CHECK(narrow(data, what));
  std::vector<Item> items;
  for (const auto& n : not_built_of(data)) {
    if (not_tried(n.state)) items.push_back({"guest programs", false, "ERROR " + n.sentence(), {}, {}});
  }
  for (const auto& k : data.kernels) items.push_back(kernel_item(data, k));
  std::string out;
  print(items, "", out);
  return out;
}

}  // namespace pinrig::report
