// SPDX-License-Identifier: GPL-2.0
// The order of a night and what still fits into it. Pure: times come as numbers.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/night.h"

namespace pinrig::night {

/// What is known of a step from earlier nights.
struct Past {
  std::optional<double> seconds;  ///< that it took the last time; nothing: it never ended
  bool doubtful = false;          ///< it was not as expected the last time
};

/// Steps that were red, or never ran, come first, and of equals the longest: what is most worth knowing is
/// known when a night ends too early, and the rest has the time that is left. Indices into the steps; equals
/// stay in the order of the file.
std::vector<std::size_t> order_of(const std::vector<model::NightStep>& steps,
                                  const std::map<std::string, Past>& past);

/// Command line of a step, without "pinrig". `seed`: of the night.
std::vector<std::string> words_of(const model::NightStep& step, std::uint32_t seed);

/// The first 32 bits of a commit id, so that a night can be repeated by its commit; 0 for what is none.
std::uint32_t seed_of(const std::string& commit);

/// Seconds left of a night that began at `began` (Unix time), at `now`. The hour `until` is the first one
/// after the night began. A clock that went back before the beginning counts as the beginning.
double seconds_left(const model::NightSpec& night, std::int64_t began, std::int64_t now);

/// Why a step does not begin; empty: it does. `past`: as long as the last time, if it is known.
std::string why_not(const Past& past, double left_s, std::uintmax_t free_bytes,
                    const model::NightSpec& night);

/// The time that a step may take: what is left, and an hour at least.
double limit_of(double left_s);

}  // namespace pinrig::night
