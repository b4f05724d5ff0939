// SPDX-License-Identifier: GPL-2.0
#include "report/results_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/testing.h"

namespace pinrig::report {
namespace {

using model::Verdict;

TEST(ResultsText, ARedSaysWhyAndAGreenIsALine) {
  auto bad = test_row("bio/dio_faults", Verdict::fail, 3, 2).result;
  bad.verdict.detail = "1 of 2 cases failed";
  auto bad_case = case_row("bio/dio_faults", "read_trimmed", Verdict::fail).result;
  bad_case.verdict.diagnostics = {"FAIL: 1 pages pinned, 0 unpinned, want 1/1\x1b[2J"};
  model::KernelEvent event;
  event.title = "WARNING in try_grab_folio";
  event.owner = "bio/dio_faults";
  event.first_line = 12;
  event.text = {"Call Trace:"};
  const std::string text = results_text({test_row("bio/dio_rw", Verdict::pass, 3).result, bad,
                                         case_row("bio/dio_faults", "other", Verdict::pass).result, bad_case},
                                        {event}, {});
  EXPECT_EQ(text,
            "✓ pass    bio/dio_rw      3/3\n"
            "✗ fail    bio/dio_faults  3/1 +2\n"
            "    fail: 1 of 2 cases failed\n"
            "    pins: 3 acquired, 1 released: +2 base pages\n"
            "    fail: read_trimmed\n"
            "      FAIL: 1 pages pinned, 0 unpinned, want 1/1\\x1b[2J\n"
            "    kernel log: WARNING in try_grab_folio, console line 12\n"
            "      Call Trace:\n");
}

}  // namespace
}  // namespace pinrig::report
