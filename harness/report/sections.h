// SPDX-License-Identifier: GPL-2.0
// The sections above and below the table. Every function gives a whole section with its title, or nothing
// when there is nothing to say. Private to report.
#pragma once

#include <string>

#include "report/run_data.h"
#include "report/text_layout.h"

namespace pinrig::report {

std::string heading(const RunData& data, const Painter& p);
/// Kernels that were not built and guests that did not complete, with what stopped them.
std::string outcomes(const RunData& data, const Painter& p);
/// What differs between base and tip, regressions first, and at which patch it was seen first.
std::string changes(const RunData& data, const Painter& p);
/// Unexpected verdicts, with their reasons.
std::string unexpected(const RunData& data, const Painter& p);
/// The kernel log.
std::string events(const RunData& data, const Painter& p);
/// Unmet expectations, compiler warnings, set-up problems.
std::string notes(const RunData& data, const Painter& p);
/// Release, accelerator, times and capabilities of each kernel.
std::string kernels(const RunData& data, const Painter& p);
/// The commands for next steps.
std::string further(const RunData& data, const Painter& p);
/// One line: the result, in words and numbers.
std::string summary(const RunData& data, const Painter& p);

/// The whole report.
std::string terminal(const RunData& data, const Style& style);

}  // namespace pinrig::report
