// SPDX-License-Identifier: GPL-2.0
// Which run a word means: an id, a unique beginning of one, or "last".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/store.h"

namespace pinrig::cli {

struct RunChoice {
  store::RunRow run;
  std::string note;  ///< for stderr; empty: nothing to say
};

/// The last run of `runs` (newest first): the newest of the user's own that has ended, else the newest that
/// goes on. Another terminal's run that goes on is named in the note. Pure.
std::optional<RunChoice> last_of(const std::vector<store::RunRow>& runs);

/// bad_usage when there is no such run.
Result<RunChoice> choose_run(const store::Store& store, const std::string& word);

}  // namespace pinrig::cli
