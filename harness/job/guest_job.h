// SPDX-License-Identifier: GPL-2.0
// One job in a guest: boot, set up, prove the ledger, run the tests, continue in a new guest after a crash.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/cancel.h"
#include "base/file.h"
#include "job/observer.h"
#include "model/loss.h"
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
  model::Loss loss = model::Loss::none;  ///< why it stopped answering
  std::vector<std::string> evidence;     ///< of the loss, one line each
  std::optional<model::Dump> dump = {};  ///< at most one of all attempts
};

struct GuestJobResult {
  verdict::JobFacts facts;                  ///< for judge()
  wire::Hello hello;                        ///< of the first guest
  std::vector<std::string> setup_problems;  ///< what is missing from the requested machine
  /// verdict::Results::line_counters of all guests.
  std::map<std::string, std::map<std::string, std::string>> line_counters;
  std::vector<std::string> problems;  ///< what verdict::ResultsReader found wrong
  double boot_s = 0;                  ///< QEMU spawn to hello, first guest
  double first_test_s = 0;  ///< QEMU spawn to the request of the first test: boot, set-up, negative control
  double wall_s = 0;        ///< all guests of the job
  double guest_test_s = 0;  ///< sum of the tests' own time
  int guests = 0;           ///< 1 unless one died
  std::vector<Attempt> attempts;
};

/// Decides after each test about those that are still to run: it may take tests out of `todo` and put others
/// in, with names of their own. `end` is null when the guest died in the test.
enum class Next {
  go_on,
  new_guest,  ///< the guest is abandoned, and what is left runs in a new one
};
using Steer = std::function<Next(const model::TestSpec& test, const wire::TestEnd* end,
                                 std::vector<model::TestSpec>& todo)>;

/// At most this many guests are started for one job: a job that keeps killing them is reported, not retried
/// forever.
inline constexpr int max_guests = 12;
/// So many times a job goes on in a new guest because a report of the kernel tainted the old one; a kernel
/// that is damaged in every test would need a guest for each. A Steer decides for itself.
inline constexpr int max_tainted = 4;
/// And one guest more when a signal killed QEMU before its guest came up: QEMU 7.2 under TCG does that once
/// in some hundred boots, and a kernel cannot. What follows is the job's outcome; the attempt stays in the
/// report.
inline constexpr int max_boot_crashes = 1;

/// Runs `job` with its files in `dir` (console.raw, results.raw, qemu.*; those of later guests in dir/guest-2
/// ...). Failures of the guest are in the result; an Error means that pinrig or the machine failed. With
/// `steer` the planned tests are those that were begun, skipped, or left over.
Result<GuestJobResult> run_guest_job(const model::JobSpec& job, const std::map<std::string, fs::path>& drives,
                                     const fs::path& dir, const CancelToken& cancel, Observer& observer,
                                     const Steer& steer = nullptr);

}  // namespace pinrig::job
