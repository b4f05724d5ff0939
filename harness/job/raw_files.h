// SPDX-License-Identifier: GPL-2.0
// From the bytes a guest left on disk to values.
#pragma once

#include "base/file.h"
#include "console/console.h"
#include "job/guest_job.h"
#include "ktap/ktap.h"
#include "vm/guest.h"

namespace pinrig::job {

/// Parses a console log piece by piece, so that one of gigabytes needs no more memory than a short one.
Result<console::Log> read_console(const fs::path& file);

/// The same of a test's output. Here a file that does not exist is an error.
Result<ktap::Tree> read_ktap(const fs::path& file);

/// Reads results.raw and adds its records of the tests that were `sent` to this guest, the events of
/// `log` and the guest's answers to `result`.
Result<void> add_guest_results(const vm::GuestFiles& files, const console::Log& log,
                               const std::vector<verdict::SentTest>& sent, GuestJobResult& result);

/// Of a guest that still runs: what `test`, the last of those that were `sent`, has printed to stdout.
Result<std::string> output_so_far(const vm::GuestFiles& files, const std::vector<verdict::SentTest>& sent,
                                  const std::string& test);

/// What the guests of a job left behind whose pinrig was killed. The outcome is `cancelled`.
Result<GuestJobResult> read_leftovers(const model::JobSpec& job, const fs::path& dir);

}  // namespace pinrig::job
