// SPDX-License-Identifier: GPL-2.0
// Published artifact directories: CACHE/kernels/KEY, complete or absent.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "kbuild/kernel_build.h"

namespace pinrig::kbuild {

/// What determines a kernel: equal inputs, equal key.
struct KeyInputs {
  model::Arch arch = model::Arch::x86_64;
  std::string tree;                       ///< git tree hash
  std::string config;                     ///< text of the merged request
  std::string toolchain;                  ///< Toolchain::identity
  std::string sysroot;                    ///< sysroot_identity()
  std::string recipe;                     ///< digest() of recipe_of()
  std::vector<std::string> counted = {};  ///< Request::counted
};
std::string artifact_key(const KeyInputs& in);

/// What is known when a build ends; stored in the artifact as manifest.json.
struct Manifest {
  std::string key;
  std::string label;
  std::string arch;
  std::string version;
  std::string tree;
  std::string toolchain;
  std::string recipe;  ///< its digest
  std::vector<std::string> fragments;
  std::vector<std::string> warnings;  ///< all of them, "file:line: text"
  double cpu_s = 0;
  double wall_s = 0;
};

/// The artifact under `key` if it is complete: its manifest is readable and each file has the size and the
/// SHA-256 written there. The hashes are computed once for each state of the files (name, size, time), and
/// cached in the artifact's file "verified".
std::optional<Artifact> find_artifact(const fs::path& cache, const std::string& key,
                                      const std::vector<std::string>& series_files);

/// Writes manifest.json (with sizes and SHA-256 of every file in `staged`), brings all of it to the disk and
/// renames `staged` to its place. An existing directory is a broken artifact and is removed first.
/// The caller holds the key's lock.
Result<void> publish(const fs::path& staged, const fs::path& cache, const Manifest& manifest);

}  // namespace pinrig::kbuild
