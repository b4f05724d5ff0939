// SPDX-License-Identifier: GPL-2.0
// What the guest programs are made of: guest-tests/ and the headers of the harness that it includes.
#pragma once

#include <map>
#include <string>

#include "base/file.h"
#include "base/result.h"

namespace pinrig::image {

/// Path below the project ("guest-tests/bio/dio_rw.c", "harness/wire/frame.h") -> the file's bytes. A
/// suite.yaml is empty: CMake only checks that it exists, so that a new time limit rebuilds nothing.
using GuestSources = std::map<std::string, std::string>;

/// Reads them from a checkout. Error infra for a file that cannot be read.
Result<GuestSources> read_guest_sources(const fs::path& project);

/// SHA-256 over the names and bytes of these files.
std::string hash_of(const GuestSources& sources);

/// Makes `folder` contain exactly these files. Unchanged ones keep their time, so that ninja compiles only
/// what differs, for any checkout.
Result<void> mirror_sources(const GuestSources& sources, const fs::path& folder);

}  // namespace pinrig::image
