// SPDX-License-Identifier: GPL-2.0
// The run that an argument refers to: an ID, a unique prefix, or "last".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/program.h"
#include "store/store.h"

namespace pinrig::cli {

struct RunChoice {
  store::RunRow run;
  std::string note;  ///< for stderr; may be empty
};

/// The last run of `runs` (newest first): the newest finished one of the user's own, else the newest that is
/// running. A run still active elsewhere is named in the note. Pure.
std::optional<RunChoice> last_of(const std::vector<store::RunRow>& runs);

/// bad_usage when there is no such run.
Result<RunChoice> choose_run(const store::Store& store, const std::string& word);
/// The same; prints the note on stderr unless the program is to be quiet.
Result<store::RunRow> choose_run(const store::Store& store, const std::string& word, const Program& program);

}  // namespace pinrig::cli
