// SPDX-License-Identifier: GPL-2.0
// images/sysroot.packages: which Debian packages a sysroot is made of.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/kernel.h"

namespace pinrig::image {

struct PackageList {
  std::string suite;                  ///< "bookworm"
  std::vector<std::string> packages;  ///< sorted, no duplicates
};

/// Reads the list for one architecture. A line is `suite NAME` (once) or `PACKAGE [ARCH,...]  # why`; the
/// reason is required. Errors: bad_input naming `file` and the line.
Result<PackageList> parse_packages(const std::string& text, const std::string& file, model::Arch arch);

/// Debian's name of an architecture: "amd64", "arm64".
const char* debian_arch(model::Arch arch);

/// GNU triplet, which is also Debian's multiarch directory: "aarch64-linux-gnu".
std::string triplet(model::Arch arch);

}  // namespace pinrig::image
