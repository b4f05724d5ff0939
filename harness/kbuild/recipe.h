// SPDX-License-Identifier: GPL-2.0
// The build recipe, as a value: part of every key, so that a changed flag, program or file yields another
// artifact without a version number to increase.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "kbuild/selftests.h"
#include "model/kernel.h"

namespace pinrig::kbuild {

/// make's targets for the kernel of an architecture.
std::vector<std::string> kernel_targets(model::Arch arch);

/// The files of an artifact: name in it -> where it comes from, below the object directory.
const std::map<std::string, std::string>& artifact_files();

/// objcopy's argv that creates the bootable image of an ELF kernel; empty if make creates it.
std::vector<std::string> strip_argv(model::Arch arch, const std::string& prefix, const std::string& from,
                                    const std::string& to);

/// What determines the result in addition to the tree, its configuration, the tools and the sysroot. Paths
/// and the number of jobs are placeholders.
struct Recipe {
  std::vector<std::vector<std::string>>
      commands;  ///< argv of make, of the compiler for each selftest, of objcopy
  std::map<std::string, std::string> environment;  ///< passed to make, without ccache's
  std::map<std::string, std::string> files;        ///< artifact_files(), and files that pinrig itself writes
};
Recipe recipe_of(model::Arch arch, const std::string& version,
                 const std::vector<Selftest>& selftests = selftest_table());

/// 64 hex digits; equal recipes, equal digest.
std::string digest(const Recipe& recipe);

}  // namespace pinrig::kbuild
