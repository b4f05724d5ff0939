// SPDX-License-Identifier: GPL-2.0
// Room on the disk that a guest writes to. Private to the module.
#pragma once

#include <string>

#include "base/file.h"
#include "base/result.h"

namespace pinrig::vm {

/// An Error (disk_full) when `dir` has too little room to begin with a guest.
Result<void> check_room(const fs::path& dir);

/// Why nothing more can be written to `dir`, or empty. QEMU tells nobody: bytes of the serial port that its
/// file does not take are dropped, the results port stands still, and a drive's writes fail in the guest, so
/// that a full disk looks like a guest that hangs or a driver that fails. `by_writing` asks the disk itself,
/// which knows of quotas too.
std::string full_disk(const fs::path& dir, bool by_writing);

}  // namespace pinrig::vm
