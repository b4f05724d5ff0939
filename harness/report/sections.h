// SPDX-License-Identifier: GPL-2.0
// The sections above and below the table. Every function gives a whole section with its title, or nothing
// when there is nothing to say. Private to report.
#pragma once

#include <string>

#include "report/digest.h"
#include "report/text_layout.h"

namespace pinrig::report {

std::string heading(const Digest& d, const Painter& p);
/// Kernels that were not built and guests that did not complete, with what stopped them.
std::string outcomes(const Digest& d, const Painter& p);
/// What differs between base and tip, regressions first, and at which patch it was seen first.
std::string changes(const Digest& d, const Painter& p);
/// Of a run with --coverage, what each patch's changed lines ran in; verbose: line by line.
std::string patch_lines(const Digest& d, const Painter& p);
/// Unexpected verdicts, with their reasons.
std::string unexpected(const Digest& d, const Painter& p);
/// The kernel log.
std::string events(const Digest& d, const Painter& p);
/// Unmet expectations, compiler warnings, set-up problems.
std::string notes(const Digest& d, const Painter& p);
/// Release, accelerator, times and capabilities of each kernel.
std::string kernels(const Digest& d, const Painter& p);
/// The commands for next steps.
std::string further(const Digest& d, const Painter& p);
/// One line: the result, in words and numbers.
std::string summary(const Digest& d, const Painter& p);

/// The whole report.
std::string terminal(RunData data, const Style& style);

}  // namespace pinrig::report
