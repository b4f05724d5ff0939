// SPDX-License-Identifier: GPL-2.0
// Free space on the disk that a guest writes to. Private to the module.
#pragma once

#include <sys/types.h>

#include <map>
#include <mutex>
#include <string>

#include "base/deadline.h"
#include "base/file.h"
#include "base/result.h"

namespace pinrig::vm {

/// An Error (disk_full) when `dir` has too little space to start a guest.
Result<void> check_room(const fs::path& dir);

/// Why nothing more can be written to `dir`, or empty. QEMU does not report it: bytes of the serial port are
/// dropped, the results port blocks, and a drive's writes fail in the guest, so that a full disk looks like a
/// hanging guest or a failing driver. `by_writing` tries to write, which also detects quotas.
///
/// A disk that was full at any time since `since` counts as full, whichever guest of this process saw it: one
/// that ends makes room, but the others may have lost a write before that.
std::string full_disk(const fs::path& dir, bool by_writing, Clock::time_point since);

/// When each disk was last seen full.
class FullDisks {
 public:
  void saw(dev_t disk, Clock::time_point when);
  bool any_since(dev_t disk, Clock::time_point since) const;

 private:
  mutable std::mutex mutex_;
  std::map<dev_t, Clock::time_point> last_;
};

}  // namespace pinrig::vm
