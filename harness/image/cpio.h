// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <vector>

#include "image/manifest.h"

namespace pinrig::image {

/// Writes `entries` in their order as an uncompressed "newc" cpio archive, padded with zeros to 512 bytes:
/// the kernel requires each of several concatenated archives to begin at a multiple of 4 (init/initramfs.c,
/// unpack_to_rootfs). Same entries and file contents, same bytes.
Result<void> write_cpio(const std::vector<Entry>& entries, const fs::path& out);

/// SHA-256 over everything write_cpio() would put into the archive: names, modes, targets and contents.
Result<std::string> content_key(const std::vector<Entry>& entries);

}  // namespace pinrig::image
