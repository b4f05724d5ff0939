// SPDX-License-Identifier: GPL-2.0
// The result of a benchmark: a value, the floor it is compared to, and the bound of their ratio.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace pinrig::bench {

struct Figure {
  std::string id;    ///< "boot.x86_64"
  std::string what;  ///< one line
  std::string unit;  ///< of value and floor
  double value = 0;
  double floor = 0;
  std::optional<double> bound;  ///< of value / floor; empty = shown for comparison only
  bool at_least = false;        ///< the ratio may not be below the bound, instead of above
  int times = 0;                ///< how often it was measured; value and floor are medians
  std::string note;
  std::string missing;  ///< why it could not be measured; empty = it was

  double ratio() const { return floor > 0 ? value / floor : 0; }
  bool over() const { return missing.empty() && bound && (at_least ? ratio() < *bound : ratio() > *bound); }
};

/// The middle one, or the mean of the middle two. `values` may not be empty.
double median(std::vector<double> values);

/// The table for people; ends with the notes.
std::string table(const std::vector<Figure>& figures);
/// {"format": "pinrig-bench", "version": 1, "host": …, "figures": […]}
std::string to_json(const std::vector<Figure>& figures);

}  // namespace pinrig::bench
