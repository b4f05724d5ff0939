// SPDX-License-Identifier: GPL-2.0
// The exit codes of pinrig, documented in README.md and in `pinrig --help`.
#pragma once

#include "base/result.h"

namespace pinrig {

enum class ExitCode : int {
  ok = 0,            ///< everything as expected
  regressions = 1,   ///< at least one verdict differs from what was expected
  bad_usage = 2,     ///< command line or an input file is wrong; nothing was started
  build = 3,         ///< a kernel could not be built, or a patch did not apply
  harness = 4,       ///< the harness or the machine failed; says nothing about the kernel
  step_skip = 125,   ///< `pinrig step`: this commit cannot be tested
  step_abort = 128,  ///< `pinrig step`: `git bisect run` stops at it
  interrupted = 130,
};

/// The exit code of a command that ended with error e.
constexpr ExitCode exit_code_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::bad_usage:
    case ErrorKind::bad_input:
      return ExitCode::bad_usage;
    case ErrorKind::apply_failed:
    case ErrorKind::build_failed:
      return ExitCode::build;
    case ErrorKind::cancelled:
      return ExitCode::interrupted;
    case ErrorKind::programs_failed:
    case ErrorKind::missing_tool:
    case ErrorKind::infra:
    case ErrorKind::disk_full:
      return ExitCode::harness;
  }
  return ExitCode::harness;
}

}  // namespace pinrig
