// SPDX-License-Identifier: GPL-2.0
// Free space on the disk that a guest writes to. Private to the module.
#pragma once

#include <string>

#include "base/file.h"
#include "base/result.h"

namespace pinrig::vm {

/// An Error (disk_full) when `dir` has too little space to start a guest.
Result<void> check_room(const fs::path& dir);

/// Why nothing more can be written to `dir`, or empty. QEMU does not report it: bytes of the serial port are
/// dropped, the results port blocks, and a drive's writes fail in the guest, so that a full disk looks like a
/// hanging guest or a failing driver. `by_writing` tries to write, which also detects quotas.
std::string full_disk(const fs::path& dir, bool by_writing);

}  // namespace pinrig::vm
