// SPDX-License-Identifier: GPL-2.0
// Kernel source packages of any Debian suite, fetched by the machine's apt into the cache. Nothing is
// installed, and apt's own lists, settings and archives stay as they are.
#pragma once

#include <string>

#include "base/file.h"
#include "base/result.h"
#include "base/work.h"

namespace pinrig::apt {

struct SourcePackage {
  fs::path tarball;     ///< CACHE/debian/SUITE/PACKAGE.tar.xz
  std::string version;  ///< of the package: "7.3.4-1~bpo13+1"
};

/// The kernel source tarball of `package` in `suite`. What was fetched once is used again, without the
/// network; removing the file has it fetched again. apt verifies signature and hashes. Errors: missing_tool
/// (no apt-get, no mirror of Debian known), bad_input (no such suite or package; the message lists the
/// linux-source-* that the suite has), infra (network, signature), disk_full, cancelled.
Result<SourcePackage> source_package(const std::string& package, const std::string& suite,
                                     const WorkContext& ctx);

}  // namespace pinrig::apt
