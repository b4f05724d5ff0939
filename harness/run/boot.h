// SPDX-License-Identifier: GPL-2.0
// `pinrig boot`: one kernel of a run, built if need be and booted without tests.
#pragma once

#include <memory>
#include <string>

#include "job/prepare.h"
#include "run/inputs.h"

namespace pinrig::run {

using job::ReadyJob;

/// A folder for one boot at a time: what is in it is overwritten by the next boot of that guest, but not by
/// one that is going on.
struct BootPlace {
  fs::path dir;  ///< boots/GUEST, or boots/GUEST-2, ... while another pinrig uses those before it
  std::shared_ptr<FileLock> lock;
};
Result<BootPlace> free_place(const fs::path& boots, const std::string& guest);

/// The first guest of the run after `options`, built and made ready in a free place of <state>/boots.
Result<ReadyJob> ready_boot(const RunOptions& options, const Services& services);

/// Boots it, sets it up, proves the ledger and powers off; returns what the guest said of itself. A kernel
/// that does not boot is an Error (infra) with the outcome and the last line of its console.
Result<std::string> boot_once(const ReadyJob& job, const Services& services);

}  // namespace pinrig::run
