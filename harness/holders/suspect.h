// SPDX-License-Identifier: GPL-2.0
// The function to look at first. Pure.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "holders/ledger.h"

namespace pinrig::holders {

/// The last patch of the series that changes the function around a line of the kernel that was traced, or of
/// its base; 0: none does.
enum class Tree { traced, base };
using Patched = std::function<int(Tree, const model::SourceLine&)>;

struct Suspect {
  enum class Why {
    took_too_little,   ///< releases pins that nobody took
    dropped,           ///< dropped references of pages that stay pinned
    releases_others,   ///< released other pins of that stack, in this trace
    releases_on_base,  ///< releases such pins on the base
    took               ///< took the pins
  };
  Why why = Why::took;
  model::SourceLine line;  ///< its function, and where in it
  int patch = 0;           ///< that changes the function; 0: none, and the function is a guess
};

/// Of the functions on the stacks that took pins, released others of them, dropped references, or release
/// such pins on the base: one that the series changes. Without one, the first that is not common to all users
/// of pins (mm/, lib/iov_iter.c, headers). Nothing when everything that was taken was released, or the trace
/// lost events.
std::optional<Suspect> suspect(const Ledger& ledger, const Ledger* base, const Patched& patched);

/// The holder of `base` that took its pins as `holder` did: by the same functions, else by the most of them
/// in common, seen from where the stack begins. Null: none has any.
const Holder* same_holder(const Ledger& base, const Holder& holder);

}  // namespace pinrig::holders
