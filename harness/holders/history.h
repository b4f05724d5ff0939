// SPDX-License-Identifier: GPL-2.0
// Pages that the kernel found bad: what it printed about them (dump_page(), with page_owner's stacks), and
// each change of their reference count before. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "holders/ledger.h"

namespace pinrig::holders {

/// A report of dump_page(); mm/debug.c and mm/page_owner.c print it.
struct PageReport {
  std::uint64_t pfn = 0;
  std::string what;   ///< "Bad page state in process dio_rw", else why it was dumped: "VM_BUG_ON_PAGE(...)"
  std::string state;  ///< "refcount:-1023 mapcount:0 mapping:... index:0x0"
  Stack seen;         ///< where the kernel was then
  std::optional<Owner> allocated;
  std::optional<Owner> freed;  ///< who freed it last; no order
};

/// Those in a guest's console, in its order, each page once. What a test asks for (gup_test's dump) is none.
std::vector<PageReport> read_page_reports(std::string_view console);

/// One change of a page's reference count.
struct Step {
  double at_s = 0;  ///< guest clock
  std::string task;
  int pid = 0;
  int by = 0;     ///< added
  int count = 0;  ///< then
  Path path;
};

struct PageHistory {
  PageReport report;
  Path seen;  ///< of the report's stacks
  Path allocated;
  Path freed;
  std::vector<Step> steps;    ///< oldest first
  std::uint64_t earlier = 0;  ///< steps before these
};

/// The last `most` changes of each page of `reports` that the trace has.
std::vector<PageHistory> make_history(const std::vector<PageReport>& reports, const Capture& capture,
                                      const Resolve& resolve, std::size_t most = 12);

/// What the guest's shell runs for that: every change of the test is traced, until the kernel finds a page
/// bad; those of the pages that it named are printed, for read_capture().
std::string history_script(const std::string& test_command);

}  // namespace pinrig::holders
