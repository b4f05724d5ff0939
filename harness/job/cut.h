// SPDX-License-Identifier: GPL-2.0
// What is kept of the files that a guest filled: their head and their tail, and a mark at the cut.
#pragma once

#include <cstdint>

#include "base/file.h"
#include "vm/guest.h"

namespace pinrig::job {

/// Bytes that are kept of each file of a guest. A default run's console has some 100 KiB.
struct KeptBytes {
  std::uintmax_t console = std::uintmax_t{32} << 20;  ///< and qemu.log
  std::uintmax_t results = std::uintmax_t{64} << 20;
};

/// Cuts the middle out of a text that is longer than `most` bytes, in place and at line ends. One line takes
/// its place: "[pinrig: 123 bytes cut out here, lines 10 to 20]", so that line numbers of what was read
/// before the cut can still be found. No file: nothing to do. The file may be a few lines longer than `most`.
Result<void> cut_text(const fs::path& file, std::uintmax_t most);

/// The same for results.raw, at the ends of frames; a frame with a message wire::Cut takes the place of what
/// is gone. What follows damage is kept as it is.
Result<void> cut_results(const fs::path& file, std::uintmax_t most);

/// cut_text() and cut_results() on what a guest left. Not before it was read: what is cut out counts.
Result<void> cut_files(const vm::GuestFiles& files, const KeptBytes& kept = {});

}  // namespace pinrig::job
