// SPDX-License-Identifier: GPL-2.0
// `pinrig boot`: one kernel of a run, built if needed and booted without tests.
#pragma once

#include <memory>
#include <string>

#include "job/prepare.h"
#include "run/inputs.h"

namespace pinrig::run {

using job::ReadyJob;

/// A folder for one boot at a time: its contents are overwritten by the next boot of that guest, but not
/// while one is running.
struct BootPlace {
  fs::path dir;  ///< boots/GUEST, or boots/GUEST-2, ... if another pinrig uses the earlier ones
  std::shared_ptr<FileLock> lock;
};
Result<BootPlace> free_place(const fs::path& boots, const std::string& guest);

/// The first guest of the run after `options`, built and prepared in a free directory of <state>/boots.
Result<ReadyJob> ready_boot(const RunOptions& options, const Services& services);

/// Boots it, sets it up, proves the ledger and powers off; returns the guest's description of itself. A
/// kernel that does not boot is an Error (infra) with the outcome and the last line of its console.
Result<std::string> boot_once(const ReadyJob& job, const Services& services);

}  // namespace pinrig::run
