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

/// Whether git would find its headers (builtin/am.c, is_mail), and one is From or Subject: quilt patches
/// and plain diffs have none.
bool is_mail(std::string_view text);

/// The mails of one file, in its order. A file that is not a mail becomes one with the file's name as
/// subject. bad_input, beginning with the file: git mailinfo refuses a mail.
Result<std::vector<Mail>> take_apart(const Git& git, const RawSeries::File& file, const fs::path& temp);

}  // namespace pinrig::git
