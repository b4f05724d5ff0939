// SPDX-License-Identifier: GPL-2.0
// From raw facts to verdicts. Pure.
//
// Every planned test is born `missing`. Every rule below that applies adds its reason; the worst by
// model::rank() becomes the verdict, all of them its detail.
//
//   no record                                   missing, with the job's outcome
//   skip_reason of the harness                  skip, nothing else is looked at
//   exit: signaled / timed_out / not_run        crash / timeout / error
//   exit: lost   panicked or own fatal event    crash
//                outcome timed_out / cancelled  timeout / missing;   else error
//   KTAP: a case failed / had an error          fail / error;        xfail and xpass likewise
//         no output, KTAP, plan or case         error                (not for a test that was killed or lost)
//         fewer results than planned            error, and a `missing` row for the rest
//         any other finding                     error; "Bail out!" fail; an unknown directive is only noted
//         every case skipped, "1..0 # SKIP"     skip
//         exit code not 0 and no case failed    fail; 2, 3, 4 fit xfail, xpass, all skipped (else 4 is an
//         error)
//   exit_code: 0 1 2 3 4, others                pass fail xfail xpass skip, fail
//   gup_test: "truncated"                       fail
//             neither a time nor "done"         error
//   output cut by the agent's limit             error (exit_code: noted)
//   ledger: not available                       error when the kernel has counters; else noted, and a test
//                                               that claims pages is a skip: its cases keep their verdicts
//           did not settle                      error
//           outstanding() != 0                  leak
//           claim: not the pages claimed        fail
//                  demanded exact, none made    error
//                  demanded at_least, 0 pinned  fail
//                  (unless it claims so little and reports a capability that is `get`)
//   kernel event in the test's time             by kind: crash, fail, or nothing (page_dump)
//   taint without such an event                 fail;  taint that could not be read: error
//   a capability that contradicts another test  error
//
// The ledger's negative control: when it did not see what was held, or was not carried out in a completed
// guest whose kernel has counters, the outcome is infra_error and every verdict error. What it saw held and
// not given back is the kernel's doing, a leak in a row of its own.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "console/console.h"
#include "ktap/ktap.h"
#include "model/job.h"
#include "wire/messages.h"

namespace pinrig::verdict {

/// Everything known about one finished job.
struct JobFacts {
  model::JobOutcome outcome;
  std::vector<model::TestSpec> planned;
  std::vector<model::TestRecord> records;  ///< by name; a planned test without one stays missing
  std::vector<model::KernelEvent> events;
  bool control_ran = false;  ///< the ledger's negative control was carried out
  wire::HoldResult control;
  int control_pages = 0;  ///< what was asked for
  bool counters = false;  ///< the kernel has nr_foll_pin_*
};

/// Name of the row for what belongs to no planned test: kernel events of that kind, a guest that does not
/// switch off. The row is there only when there is such a thing.
inline constexpr const char* unowned_test = "kernel/console";

/// Name of the row for pages that the negative control did not get back.
inline constexpr const char* control_test = "pinrig/hold_control";

struct Judgement {
  model::JobOutcome outcome;                 ///< infra_error when the negative control failed
  std::vector<model::TestVerdict> verdicts;  ///< per planned test one with empty case_name, then its cases
  std::map<std::string, std::string> capabilities;  ///< "# capability NAME VALUE" lines of the tests
};

/// Earned verdicts: exit status, KTAP findings, ledger, events and taint all have to agree for a pass.
Judgement judge(const JobFacts& facts);

/// Sets expected/expectation of every verdict from the expectations that match (the last match wins;
/// none: pass, skip and xfail are expected). A pattern with ':' matches cases, one without matches tests; a
/// case without a match of its own may have what is allowed for its test. Returns what a required expectation
/// did not find, one line each: no matching test was judged (`missing` is not judged).
std::vector<std::string> apply_expectations(std::vector<model::TestVerdict>& verdicts,
                                            const std::vector<model::Expectation>& expect,
                                            const model::Point& point, bool is_tip, model::Arch arch);

/// Which of a kernel's tests a guest has.
struct Share {
  std::vector<std::string> here;    ///< tests of this guest
  std::vector<std::string> chosen;  ///< tests of all guests of the kernel
  std::vector<std::string> known;   ///< every test there is
  bool is_main = true;              ///< the kernel's first guest: what concerns none of them is its affair
};
/// The expectations that this guest has to answer for. One about tests of other guests is theirs; one about
/// tests that were not chosen says nothing; one about no test at all is kept by the main guest, which cannot
/// meet it.
std::vector<model::Expectation> share_of(const std::vector<model::Expectation>& expect, const Share& share);

/// What passes at the base and is only skipped or expected to fail here has lost something, unless an
/// expectation says so: such tests become unexpected. Whole tests only: the kernel's own skip a case for want
/// of a huge page that was there a moment ago. Returns how many.
int weigh_against_base(std::vector<model::TestVerdict>& here, const std::vector<model::TestVerdict>& base);

/// Compares what is required with what the tests found; one line per mismatch, none when all is as required.
/// Values that nobody reported are a mismatch when the guest ran the test that reports them all (`complete`).
std::vector<std::string> check_capabilities(const std::map<std::string, std::string>& required,
                                            const std::map<std::string, std::string>& found,
                                            bool complete = true);

}  // namespace pinrig::verdict
