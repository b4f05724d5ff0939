// SPDX-License-Identifier: GPL-2.0
// What a night says of a row in a word that can be compared with other nights.
#pragma once

#include <cstdint>
#include <optional>

#include "model/assessment.h"

namespace pinrig::history {

/// From what counts least to what counts most, when several guests of a kernel have a row of one name.
enum class State : std::uint8_t {
  absent,    ///< there is no such row
  green,     ///< as expected, and something was tested
  skipped,   ///< a skip that is expected
  known,     ///< a failure that a known issue, or the base, explains
  unusable,  ///< error, missing, of a broken kernel: says nothing about the test
  unlisted,  ///< a skip that is not expected
  gone,      ///< a known issue that was not seen, on an unpatched kernel
  red,       ///< a failure that nothing explains
};

struct Cell {
  State state = State::absent;
  model::Verdict verdict = model::Verdict::missing;  ///< means nothing where the state is `absent`

  bool operator==(const Cell&) const = default;
};

/// `rule`: nothing when the run was not assessed; then the verdict alone decides.
State state_of(model::Verdict verdict, std::optional<model::Rule> rule);

/// Something was tested, and the answer is about the kernel.
inline bool usable(State s) {
  return s == State::green || s == State::known || s == State::gone || s == State::red;
}
inline bool is_red(State s) { return s == State::red; }

}  // namespace pinrig::history
