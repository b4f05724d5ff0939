// SPDX-License-Identifier: GPL-2.0
// Tests that a run had more than once on a kernel (`pinrig run --repeat`). Private to report.
#pragma once

#include <string>
#include <vector>

#include "assess/attempts.h"
#include "report/digest.h"
#include "report/text_layout.h"

namespace pinrig::report {

struct Repeat {
  const KernelData* kernel = nullptr;
  std::string test;           ///< without the number of a run
  assess::Attempts attempts;  ///< verdicts as seen; a run that is missing or could not be judged is none
};

/// By kernel, in the order of the first runs.
std::vector<Repeat> repeats_of(const RunData& data);

/// Section of the terminal report: how often each failed, with the interval; those that never did in one
/// line.
std::string repeats(const Digest& d, const Painter& p);

}  // namespace pinrig::report
