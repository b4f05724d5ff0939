// SPDX-License-Identifier: GPL-2.0
// The tree's own mm selftests as static programs, unchanged and without writing into the tree.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/file.h"
#include "kbuild/make.h"

namespace pinrig::kbuild {

/// What a sysroot gives the selftests, for cache keys: the libraries that are linked, by size and time.
/// Error missing_tool when the sysroot or its static liburing is not there: cow and gup_longterm would
/// silently lose their io_uring cases.
Result<std::string> sysroot_identity(const fs::path& sysroot);

/// argv of the compiler for one program; run it in the selftests' own directory.
struct SelftestCompile {
  const Tree& tree;
  fs::path sysroot;
  fs::path include;  ///< our folder with local_config.h
  fs::path out;      ///< directory of the programs
  std::string program;
  std::vector<std::string> sources;  ///< relative to the selftests' directory
};
std::vector<std::string> compile_argv(const SelftestCompile& c);

struct SelftestsResult {
  double cpu_s = 0;
  std::map<std::string, std::string> absent;  ///< program -> why it is not there
};

/// Builds known_selftests() into objdir/selftests, which then holds the programs and absent.json. Nothing is
/// compiled when neither their sources nor the tools have changed since the last time.
Result<SelftestsResult> build_selftests(const Tree& tree, const fs::path& sysroot, const fs::path& log,
                                        const CancelToken& cancel);

}  // namespace pinrig::kbuild
