// SPDX-License-Identifier: GPL-2.0
// The reasons for a verdict, as lines of plain text: the same in the report, `show`, machine-readable files
// and `rerun`.
#pragma once

#include <string>
#include <vector>

#include "report/digest.h"

namespace pinrig::report {

/// Limits; what exceeds them is only counted.
struct WhyLimits {
  std::size_t groups = 5;       ///< of cases
  std::size_t diagnostics = 6;  ///< lines of the test, and of each group
  std::size_t events = 3;       ///< different kernel reports
  std::size_t trace = 12;       ///< lines of the first of them

  static WhyLimits none();  ///< everything there is
};

/// "fail: 2 of 9 cases failed", "pins: 64 acquired, 0 released: +64 base pages", "fail: read_1_page and 33
/// more: ...", "kernel log: WARNING in try_grab_folio, 4 times, console line 812". Lines that belong to the
/// one above begin with two spaces.
std::vector<std::string> why_lines(const Why& why, const WhyLimits& limits);
/// "pins: 64 acquired, 0 released: +64 base pages"
std::string pins_line(const model::PinLedger& ledger);
/// "WARNING in try_grab_folio, 4 times, console line 812, fatal"
std::string event_line(const model::KernelEvent& e);

}  // namespace pinrig::report
