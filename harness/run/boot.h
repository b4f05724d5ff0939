// SPDX-License-Identifier: GPL-2.0
// `pinrig boot`: one kernel of a run, built if need be and booted without tests.
#pragma once

#include <string>

#include "run/stages.h"

namespace pinrig::run {

/// The first cell of the run after `options`, built and made ready in <state>/boots/CELL.
Result<ReadyJob> ready_boot(const RunOptions& options, const Services& services);

/// Boots it, sets it up, proves the ledger and powers off; returns what the guest said of itself. A kernel that does
/// not boot is an Error (infra) with the outcome and the last line of its console.
Result<std::string> boot_once(const ReadyJob& job, const Services& services);

}  // namespace pinrig::run
