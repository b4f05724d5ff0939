// SPDX-License-Identifier: GPL-2.0
// Why a test is as it is, in lines of plain text: the same words in the report, in `show`, in the files for
// machines and in `rerun`.
#pragma once

#include <string>
#include <vector>

#include "report/digest.h"

namespace pinrig::report {

/// How much of it; the rest is counted.
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
