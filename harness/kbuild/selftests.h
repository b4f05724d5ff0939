// SPDX-License-Identifier: GPL-2.0
// The tree's own mm selftests as static programs, unchanged and without writing into the tree.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/file.h"
#include "kbuild/absent.h"
#include "kbuild/make.h"

namespace pinrig::kbuild {

/// A program of the tree and how to build it.
struct Selftest {
  const char* program;
  std::array<const char*, 2> sources;  ///< its names over time, newest first; null = no other
  std::vector<const char*> libraries;  ///< "-luring"
};
const std::vector<Selftest>& selftest_table();
/// Sources that the Makefile of a kernel's version links into every test of the directory; a tree need not
/// have all of them.
std::vector<const char*> selftest_helpers(const std::string& version);
/// Our local_config.h: the tree's check_config.sh would write one into the source.
const char* local_config();
/// What that version calls it: local_config.h, local_config.h_gen. A name too many harms nothing.
std::vector<const char*> local_config_names(const std::string& version);

/// What selftests get from a sysroot, for cache keys: a hash over the content of its headers and static
/// libraries, remembered in SYSROOT.content as long as no file's size or time changes. Error missing_tool
/// when the sysroot or its static liburing is missing: cow and gup_longterm would silently lose their
/// io_uring cases.
Result<std::string> sysroot_identity(const fs::path& sysroot);

/// usr/lib/TRIPLET/NAME of a sysroot; empty when it has none.
fs::path find_static_library(const fs::path& sysroot, const std::string& name);

/// argv of the compiler for one program; run it in the selftests' own directory.
struct SelftestCompile {
  const Tree& tree;
  fs::path sysroot;
  fs::path include;  ///< our folder with local_config.h
  fs::path out;      ///< directory of the programs
  const Selftest& test;
  std::vector<std::string> sources;  ///< relative to the selftests' directory
};
std::vector<std::string> compile_argv(const SelftestCompile& c);

struct SelftestsResult {
  double cpu_s = 0;
  AbsentPrograms absent;
};

/// Builds known_selftests() into objdir/selftests, which then holds the programs and absent.json. Nothing is
/// compiled when neither their sources nor the tools have changed since the last time.
Result<SelftestsResult> build_selftests(const Tree& tree, const fs::path& sysroot, const fs::path& log,
                                        const CancelToken& cancel);

}  // namespace pinrig::kbuild
