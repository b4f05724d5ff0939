// SPDX-License-Identifier: GPL-2.0
// Why a kernel prints nothing: a second boot with a console that works before the drivers do.
#pragma once

#include <map>
#include <string>

#include "job/guest_job.h"

namespace pinrig::job {

/// The kernel parameter that brings up a console as early as it can be: earlyprintk= on x86-64
/// (arch/x86/kernel/early_printk.c), earlycon on arm64 (drivers/tty/serial/earlycon.c, from the device tree).
std::string early_console(model::Arch arch);

/// For a job whose guest left an empty console (JobOutcome::Kind::no_output): boots it again with an early
/// console, into dir/earlycon, and adds its messages to the outcome and the events of `result`. Runs no
/// tests: a kernel that boots this time still failed the first time.
Result<void> ask_early_console(const model::JobSpec& job, const std::map<std::string, fs::path>& drives,
                               const fs::path& dir, const CancelToken& cancel, GuestJobResult& result);

}  // namespace pinrig::job
