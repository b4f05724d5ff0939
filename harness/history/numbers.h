// SPDX-License-Identifier: GPL-2.0
// Numbers over nights. An exact one may not change at all; of a noisy one a change counts that is larger than
// its own noise. Pure.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "history/line.h"

namespace pinrig::history {

enum class Number {
  claimed,      ///< base pages that the test said it pins
  outstanding,  ///< base pages acquired and not released
  cases,        ///< results of cases
  wall_s,       ///< seconds
  settle_ms,    ///< milliseconds until the counters were quiet
};
inline constexpr std::array numbers{Number::claimed, Number::outstanding, Number::cases, Number::wall_s,
                                    Number::settle_ms};
/// Any change counts.
inline bool is_exact(Number n) { return n != Number::wall_s && n != Number::settle_ms; }
const char* to_string(Number number);  ///< "pages claimed"
const char* unit_of(Number number);    ///< "pages", "s", "ms", ""

/// Of a test on one night; nothing: not measured, or not comparable (a claim of "at least").
using Measure = std::array<std::optional<double>, numbers.size()>;

/// Per column and test: newest night first, as many as were read.
using Measures = std::map<std::pair<std::size_t, std::string>, std::vector<Measure>>;

/// The relative change above which a value of this history (newest first, tonight not among it) is news:
/// Q3 + 3 IQR of |x[i] - x[i+1]| / x[i+1] over the newest 30 (as rustc-perf does). Nothing below 10 values;
/// at least 0.25 below 30.
std::optional<double> noise_fence(std::span<const double> history);

/// A number that changed.
struct NumberChange {
  std::size_t column = 0;
  std::string test;
  Number number = Number::claimed;
  double before = 0;
  double now = 0;
  std::optional<double> fence;  ///< of a noisy one
};

/// Of one test: `now` against the newest night on or after `partner` that has the number. A noisy one is
/// reported above its fence and above 5 %, a time also above 0.2 s.
std::vector<NumberChange> changed_numbers(std::size_t column, const std::string& test,
                                          const std::vector<Measure>& nights, std::size_t partner);

}  // namespace pinrig::history
