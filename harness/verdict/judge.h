// SPDX-License-Identifier: GPL-2.0
// From raw facts to verdicts. Pure.
//
// Every planned test starts as `missing`. Every rule below that applies adds its reason; the worst by
// model::rank() becomes the verdict, all of them its detail.
//
// clang-format off
//   no record                                   missing, with the job's outcome
//   skip_reason of the harness                  skip, nothing else is looked at
//   exit: signaled / timed_out / not_run        crash / timeout / error
//   exit: lost   panicked or own fatal event    crash
//                outcome timed_out / cancelled  timeout / missing;   else error
//   agent: a process survived SIGKILL           timeout
//          a record that cannot be believed     error: forged, not what the agent reported, bad claim line,
//                                               impossible claim or counters
//          processes left behind and killed     noted
//   KTAP: a case failed / had an error          fail / error;        xfail and xpass likewise
//         no output, KTAP, plan or case         error                (not for a test that was killed or lost)
//         fewer results than planned            error, and a `missing` row for the rest
//         any other finding                     error; "Bail out!" fail; an unknown directive is only noted
//         every case skipped, "1..0 # SKIP"     skip; an "ok" over skipped subtests is no case
//         no case, no skip and no other reason  error
//         exit code not 0 and no case failed    fail; 2, 3, 4 fit xfail, xpass, all skipped (else 4: error)
//   exit_code: 0 1 2 3 4, others                pass fail xfail xpass skip, fail
//   gup_test: "truncated"                       fail
//             neither a time nor "done"         error
//   output cut by the agent's limit             error (exit_code: noted)
//   ledger: not available                       error when the kernel has counters; else noted, and a test
//                                               that claims pages is a skip: its cases keep their verdicts
//           did not settle, or ran backwards    error
//           outstanding() != 0                  leak; noted when it is the late release of what earlier tests
//                                               of the guest left pinned, which is their leak
//           claim: not the pages claimed        fail
//                  demanded exact, none made    error
//                  demanded at_least, 0 pinned  fail
//                  (unless it claims so little, and of the capabilities it reports some are `get`, `cached`
//                  or `copied` and none is `pin`)
//   kernel event during the test                by kind: crash, timeout (hung task, lockup, stall), fail, or
//                                               nothing (page_dump)
//        that would be a fail and is announced  nothing: "# expects kernel: TEXT" covers one report with
//                                               TEXT in its title, "# expects kernel N: TEXT" up to N; TEXT
//                                               has at least 8 characters (else error); none came: fail
//        events_lost (incomplete log)           error; only noted if another event is one
//   no begin and end marks on the console       error: the kernel's log is lost
//   taint bits that no event's kind causes      fail;  taint that could not be read: error
//   such taint bits before or between tests     fail, in a row of their own (kernel/console)
//   a capability that contradicts another test  error
// clang-format on
//
// The ledger's negative control: when it did not see what was held, or did not run in a completed guest whose
// kernel has counters, the outcome is infra_error and every verdict error. Pages that it saw held and not
// unpinned are a leak of the kernel, in a row of its own.
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
  model::JobOutcome outcome;  ///< of the first guest of the job that did not end well
  std::vector<model::JobOutcome>
      guest_outcomes;  ///< of each guest, in order: TestRecord::guest counts from 1
  std::vector<model::TestSpec> planned;
  std::vector<model::TestRecord> records;  ///< by name; a planned test without one stays missing
  std::vector<model::KernelEvent> events;
  bool control_ran = false;  ///< the ledger's negative control ran
  wire::HoldResult control;
  int control_pages = 0;  ///< pages that it was to hold
  bool counters = false;  ///< the kernel has nr_foll_pin_*
};

using model::control_test;
using model::unowned_test;

struct Judgement {
  model::JobOutcome outcome;                 ///< infra_error when the negative control failed
  std::vector<model::TestVerdict> verdicts;  ///< per planned test one with empty case_name, then its cases
  std::map<std::string, std::string> capabilities;  ///< "# capability NAME VALUE" lines of the tests
};

/// Earned verdicts: exit status, KTAP findings, ledger, events and taint all have to agree for a pass.
Judgement judge(const JobFacts& facts);

}  // namespace pinrig::verdict
