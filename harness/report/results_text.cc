// SPDX-License-Identifier: GPL-2.0
#include "report/results_text.h"

#include <algorithm>

#include "report/table.h"
#include "report/why_text.h"

namespace pinrig::report {
namespace {

/// As a kernel with one guest, so that everything is said as in a report.
KernelData as_kernel(const std::vector<model::TestResult>& results,
                     const std::vector<model::KernelEvent>& events) {
  KernelData kernel;
  GuestData guest;
  for (const auto& r : results) {
    // No expectation file speaks of a rerun: what is not good by itself is shown with its reasons.
    const auto rule = is_bad(r.verdict.verdict) ? model::Rule::failure : model::Rule::fine;
    Row row{r, model::Assessment{rule, "", ""}};
    clean_row(row);
    if (r.verdict.case_name.empty()) {
      guest.tests.emplace_back();
      guest.tests.back().row = std::move(row);
    } else if (!guest.tests.empty()) {
      guest.tests.back().cases.push_back(std::move(row));
    }
  }
  guest.events = events;
  for (auto& e : guest.events) clean_event(e);
  kernel.guests.push_back(std::move(guest));
  return kernel;
}

}  // namespace

std::string results_text(const std::vector<model::TestResult>& results,
                         const std::vector<model::KernelEvent>& events, const Style& style) {
  const Painter p(style);
  const KernelData kernel = as_kernel(results, events);
  const WhyLimits limits = style.verbose ? WhyLimits::none() : WhyLimits{};
  std::size_t width = 0;
  for (const auto* t : kernel.tests()) width = std::max(width, width_of(t->name()));
  std::string out;
  for (const auto* t : kernel.tests()) {
    const std::string pins = pins_text(t->row, p);
    out += pad(verdict_text(t->row, p, 0), 9) + " " +
           (pins.empty() ? t->name() : pad(t->name(), width) + "  " + pins) + "\n";
    if (t->as_expected()) continue;
    for (const auto& line : why_lines(why_of(kernel, *t), limits)) out += "    " + line + "\n";
  }
  return out;
}

}  // namespace pinrig::report
