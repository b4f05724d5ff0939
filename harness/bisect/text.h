// SPDX-License-Identifier: GPL-2.0
// A search for people: one line per point, what is left, the conclusion.
#pragma once

#include <string>

#include "bisect/log.h"

namespace pinrig::bisect {

/// One line per point in their order: number, subject, a mark per run (red, clean, other red, skip, infra,
/// and `=` for each run of an equal kernel). Of more than 40 points only those with marks. First what the
/// search is without.
std::string points_text(const Log& log);

/// "7 of 14 patches left, about 3 points, 4m00s"; no time when `boot_s`, seconds per boot, is 0.
std::string progress_text(const Log& log, double boot_s);

/// The search as it is redrawn while it goes on: the points, then what is left.
std::string screen_text(const Log& log, double boot_s);

/// The conclusion: its word, the culprit or the suspects, on how many runs it rests, and what was not tested.
std::string conclusion_text(const Log& log, const Conclusion& conclusion);

/// "patch 2 \"block: x\"", "commit 12hex \"block: x\"", "the base".
std::string point_name(const Log& log, int point);

}  // namespace pinrig::bisect
