// SPDX-License-Identifier: GPL-2.0
// A kernel point, built and cached: image, vmlinux, System.map, .config and the tree's own selftests.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "base/work.h"
#include "kbuild/makefile.h"
#include "model/kernel.h"
#include "model/unbuilt.h"

namespace pinrig::kbuild {

/// Where to build: a tree, and the directory that holds its object directories. Relative to it the tree must
/// have the same path in every place: then they share ccache entries.
struct Place {
  fs::path source;
  fs::path build;
};

/// What to build. `checkout` is called only when something must be built; the lock of the place must be held
/// until the build ends.
struct Request {
  std::string label;  ///< for progress and errors: "tip-x86_64"
  model::Arch arch = model::Arch::x86_64;
  std::string tree;                       ///< git tree hash of the source: the main part of the key
  std::string version;                    ///< "6.12.117"
  std::string slot;                       ///< build directories are per slot and arch
  std::vector<std::string> fragments;     ///< "base", "pin"; arch/ARCH is implied
  std::vector<std::string> series_files;  ///< warnings in these are reported, and which are not tested
  /// C files whose objects count which lines run (CONFIG_GCOV_KERNEL is set): part of the key.
  std::vector<std::string> counted;
  /// The point before this one, for what is new in sparse's warnings. Both are checked when the kernel is
  /// built, if sparse is installed.
  struct Before {
    std::string tree;                         ///< git tree hash
    std::vector<std::string> files;           ///< in which the two differ
    std::function<Result<Place>()> checkout;  ///< of that point; ends before Request::checkout is called
  };
  std::optional<Before> before = {};
  fs::path sysroot;  ///< for the static selftests
  ReadTree read;     ///< files of `tree`, without a checkout; empty: Artifact::unbuilt is not asked for
  std::function<Result<Place>()> checkout;
};

/// A published artifact directory; immutable.
struct Artifact {
  std::string key;  ///< artifact_key(): tree, configuration, tools, sysroot, recipe
  fs::path dir;
  fs::path image;                     ///< what QEMU boots: stripped vmlinux (x86-64) or Image (aarch64)
  fs::path vmlinux;                   ///< with symbols
  fs::path config;                    ///< effective .config
  fs::path selftests;                 ///< directory of static binaries: cow, gup_test, gup_longterm, ...
  fs::path notes;                     ///< block/bio.gcno and so on, of those Request::counted that were built
  fs::path log;                       ///< the whole output of the build that made it
  std::vector<std::string> warnings;  ///< compiler warnings in series_files, "file:line: text"
  std::vector<std::string>
      sparse;  ///< new ones of sparse in Request::Before::files: "file:line: sparse: text"
  std::vector<std::string> untested;  ///< series_files that no guest runs (outside_vmlinux()), "file: why"
  /// Those that went into no object, of series_files that are C, assembler or headers of the kernel. None is
  /// known of an artifact without a list of its sources.
  std::vector<model::UnbuiltFile> unbuilt;
  bool was_cached = false;
  double cpu_s = 0;   ///< of the build, 0 when cached
  double wall_s = 0;  ///< the same, without waiting for locks
};

/// Builds or finds the artifact. Two callers with one key build it once. Errors: bad_input (conflicting
/// fragments, a symbol that does not hold after olddefconfig: names it, its value and the unmet dependency),
/// build_failed (first error's file:line and the log's path), missing_tool, disk_full, cancelled.
///
/// Each build writes a log of its own, CACHE/logs/LABEL-KEY-*.build.log, which no later build touches. That
/// of a good build moves into its artifact (Artifact::log); that of any other stays, and every Error of a
/// build that had begun has its path in Error::build, with file, line and message if the output names them:
/// copy it to the run's folder.
Result<Artifact> build_kernel(const Request& request, const WorkContext& ctx);

/// The selftests this pinrig knows to build, by program name.
std::vector<std::string> known_selftests();
/// Where a tree may have the source of one, by the names of all versions.
std::vector<std::string> selftest_places(const std::string& program);

}  // namespace pinrig::kbuild
