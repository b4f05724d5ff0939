// SPDX-License-Identifier: GPL-2.0
// The function to look at first. Pure.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "holders/history.h"
#include "holders/ledger.h"

namespace pinrig::holders {

/// The last patch of the series that changes the function around a line of the kernel that was traced, or of
/// its base; 0: none does.
enum class Tree { traced, base };
using Patched = std::function<int(Tree, const model::SourceLine&)>;

struct Suspect {
  enum class Why {
    shared_by_fork,     ///< gave a child pages that were pinned
    replaced,           ///< gave a process another page than the pinned one
    released_unpinned,  ///< releases pins that nobody took
    released_before,    ///< had released the pins that were then released again
    last_put,           ///< dropped a reference of a page that the kernel then found bad
    dropped,            ///< dropped references of pages that stay pinned
    releases_others,    ///< released other pins of that stack, in this trace
    releases_on_base,   ///< releases such pins on the base
    took                ///< took the pins
  };
  Why why = Why::took;
  model::SourceLine line;  ///< its function, and where in it
  int patch = 0;           ///< that changes the function; 0: none, and the function is a guess
};

/// Of the functions on the stacks that shared or replaced pinned pages, released pins that nobody took, took
/// pins that are held, released others of them, dropped references, or release such pins on the base: one
/// that the series changes. Without one, the first that is not common to all users of pins (mm/,
/// lib/iov_iter.c, headers). Nothing when everything that was taken was released, or is held on the base,
/// too, or the trace lost events.
std::optional<Suspect> suspect(const Ledger& ledger, const Ledger* base, const Patched& patched);

/// Of the stacks that dropped references of pages that the kernel found bad, newest first: a function that
/// the series changes, else the first that is not common.
std::optional<Suspect> suspect(const std::vector<PageHistory>& pages, const Patched& patched);

/// What that stack holds on the base: it is not the patch's.
std::int64_t held_on_base(const Ledger* base, const Holder& holder);

/// Whether something is not as it should be that is so on the base as well, or not: held pins beyond those of
/// the base, excess releases or copies by stacks that do not do so there.
bool differs(const Ledger& ledger, const Ledger* base);

/// The holder of `base` that took its pins as `holder` did: by the same functions, else by the most of them
/// in common, seen from where the stack begins. Null: none has any.
const Holder* same_holder(const Ledger& base, const Holder& holder);

}  // namespace pinrig::holders
