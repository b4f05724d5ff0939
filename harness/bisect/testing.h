// SPDX-License-Identifier: GPL-2.0
// Shared by the module's tests: searches without a kernel.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "bisect/engine.h"

namespace pinrig::bisect {

/// The outcomes of a boot for `runs` runs at a point; fewer when the boot ends early.
using Boot = std::function<std::vector<Seen>(const Ask&)>;

struct Searched {
  Conclusion conclusion;
  std::vector<Ask> asked;  ///< one for each boot
  std::vector<Observation> seen;
};

/// Asks the engine and answers from `boot` until it concludes; ends a search that does not end by itself.
inline Searched search(const History& history, const Settings& settings, const Boot& boot,
                       std::vector<Observation> seen = {}) {
  Searched out{{}, {}, std::move(seen)};
  while (out.asked.size() < 1000) {
    const Step step = next_step(history, settings, out.seen);
    if (const auto* end = std::get_if<Conclusion>(&step)) {
      out.conclusion = *end;
      return out;
    }
    const Ask ask = std::get<Ask>(step);
    out.asked.push_back(ask);
    const auto run = "run" + std::to_string(out.asked.size());
    for (const Seen s : boot(ask)) out.seen.push_back({ask.point, s, ask.purpose, 0, run, ""});
  }
  out.conclusion.why = "does not end";
  return out;
}

inline History series_of(int patches) {
  std::vector<Point> points(static_cast<std::size_t>(patches) + 1);
  for (std::size_t i = 0; i < points.size(); ++i) points[i].subject = "patch " + std::to_string(i);
  return History(line_of(std::move(points)));
}

}  // namespace pinrig::bisect
