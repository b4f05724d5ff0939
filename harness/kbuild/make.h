// SPDX-License-Identifier: GPL-2.0
// Runs the kernel's make in an object directory, the same way every time.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/file.h"
#include "kbuild/build_log.h"
#include "kbuild/toolchain.h"
#include "process/process.h"

namespace pinrig::kbuild {

/// One tree, one object directory, one architecture.
struct Tree {
  fs::path source;
  fs::path objdir;
  fs::path cache;  ///< CCACHE_BASEDIR, and the parent of CCACHE_DIR unless the user has set one
  model::Arch arch = model::Arch::x86_64;
  Toolchain toolchain;
  std::vector<std::string> counted = {};  ///< C files whose objects are built with gcov
  std::string version = {};  ///< of the kernel: where its selftests find their headers changed over time
};

/// make's variables that turn gcov on for the object of each of these C files, and for no other: objects in
/// several folders have the same name, and some of them (the EFI stub's, the decompressor's) do not link with
/// counters. A Makefile names its objects relative to its own folder, which need not be theirs: each name
/// that it may use is set (scripts/Makefile.lib, GCOV_PROFILE_obj.o), and make looks at the path when it
/// compiles. A folder whose Makefile has `GCOV_PROFILE := n` stays without. Nothing for no files.
std::vector<std::string> gcov_variables(const std::vector<std::string>& counted, model::Arch arch);

/// argv and environment for `targets`. Of our own environment make gets only what process::build_variables()
/// lists: everything else that affects a build is in the key. Pure but for looking whether CCACHE_DIR is set.
process::Command make_command(const Tree& tree, const std::vector<std::string>& targets, int jobs);

struct MakeRun {
  const Tree& tree;
  std::vector<std::string> targets;
  int jobs = 1;
  fs::path log;                            ///< appended to
  std::function<void(int steps)> on_step;  ///< may be empty
};
struct Made {
  bool ok = false;
  BuildLog log;
  double cpu_s = 0;
};

/// The Error of a make that failed for `reason` while it made `kernel`.
Error make_failed(const BuildReason& reason, const std::string& kernel, const fs::path& log);

/// A non-zero exit code is a value (ok = false). Errors: missing_tool, disk_full, cancelled, infra.
Result<Made> run_make(const MakeRun& run, const CancelToken& cancel);

}  // namespace pinrig::kbuild
