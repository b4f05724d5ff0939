// SPDX-License-Identifier: GPL-2.0
// The compiler and linker for an architecture, and what identifies them in cache keys.
#pragma once

#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/result.h"
#include "model/kernel.h"

namespace pinrig::kbuild {

struct Toolchain {
  std::string prefix;  ///< CROSS_COMPILE: "aarch64-linux-gnu-", empty when native
  /// The prefix, and the first line of --version of gcc, the host's gcc, as, ld and pahole.
  std::string identity;
  bool ccache = false;  ///< not part of the identity: it does not change the output

  std::string gcc() const { return prefix + "gcc"; }
  /// Value of make's CC=: with ccache in front if there is one.
  std::string make_cc() const { return ccache ? "ccache " + gcc() : gcc(); }
};

/// "gcov", "aarch64-linux-gnu-gcov": it comes with the compiler.
std::string gcov_program(model::Arch arch);

/// Error missing_tool, with the package to install, when the compiler, make or a tool of kbuild is missing.
Result<Toolchain> find_toolchain(model::Arch arch, const CancelToken& cancel);

}  // namespace pinrig::kbuild
