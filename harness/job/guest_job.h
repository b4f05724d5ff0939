// SPDX-License-Identifier: GPL-2.0
// One job in a guest: boot, set up, prove the ledger, run the tests, continue in a new guest after a crash.
#pragma once

#include <map>
#include <string>

#include "base/cancel.h"
#include "base/file.h"
#include "job/observer.h"
#include "verdict/judge.h"
#include "verdict/results.h"
#include "wire/messages.h"

namespace pinrig::job {

/// One boot of the guest.
struct Attempt {
  int number = 1;
  model::JobOutcome outcome;
  double boot_s = 0;  ///< QEMU spawn to hello; 0 = there was none
  double wall_s = 0;
  std::string dir;
};

struct GuestJobResult {
  verdict::JobFacts facts;                  ///< for judge()
  wire::Hello hello;                        ///< of the first guest
  std::vector<std::string> setup_problems;  ///< what is missing from the requested machine
  std::vector<std::string> problems;        ///< what verdict::ResultsReader found wrong
  double boot_s = 0;                        ///< QEMU spawn to hello, first guest
  double first_test_s = 0;  ///< QEMU spawn to the request of the first test: boot, set-up, negative control
  double wall_s = 0;        ///< all guests of the job
  double guest_test_s = 0;  ///< sum of the tests' own time
  int guests = 0;           ///< 1 unless one died
  std::vector<Attempt> attempts;
};

/// At most this many guests are started for one job: a job that keeps killing them is reported, not retried
/// forever.
inline constexpr int max_guests = 12;

/// Runs `job` with its files in `dir` (console.raw, results.raw, qemu.*; those of later guests in dir/guest-2
/// ...). Failures of the guest are in the result; an Error means that pinrig or the machine failed.
Result<GuestJobResult> run_guest_job(const model::JobSpec& job, const std::map<std::string, fs::path>& drives,
                                     const fs::path& dir, const CancelToken& cancel, Observer& observer);

}  // namespace pinrig::job
