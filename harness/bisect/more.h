// SPDX-License-Identifier: GPL-2.0
// A red that more than one patch brings: the search goes on without the patch that was found.
#pragma once

#include <optional>
#include <string>

#include "bisect/log.h"

namespace pinrig::bisect {

struct More {
  std::optional<Log> log;  ///< nothing: there is nothing more to search
  std::string why;         ///< one line for people
};

/// The search after `log`, which ended with `end`: the same points, at each of which the culprit is reverted.
/// Only when the newer end still has the red without it. What was seen of points that do not have the
/// culprit, and of the newer end with it reverted, is known there.
More next_search(const Log& log, const Conclusion& end);

}  // namespace pinrig::bisect
