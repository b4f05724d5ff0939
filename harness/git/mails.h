// SPDX-License-Identifier: GPL-2.0
// One mail, taken apart by git mailinfo. Private to the module.
#pragma once

#include "git/numbering.h"
#include "git/series_read.h"

namespace pinrig::git {

/// A mail after git mailinfo; its patch has an empty diff if the mail has none.
struct Mail {
  Patch patch;
  Numbered numbered;
};

/// The mails of one file, in its order. A file that is not a mail becomes one with the file's name as
/// subject. bad_input, beginning with the file: git mailinfo refuses a mail, a diff before the first mail, a
/// second mail or commit after a diff.
Result<std::vector<Mail>> take_apart(const Git& git, const RawSeries::File& file, const fs::path& temp);

}  // namespace pinrig::git
