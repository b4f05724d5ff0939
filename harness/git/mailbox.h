// SPDX-License-Identifier: GPL-2.0
// Where the mails of a file begin, however they were put together. Pure. Private to the module.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace pinrig::git {

/// The mails of a file, each from its "From " line or first header on. A mail begins at
/// - a "From " line with a date, as builtin/mailsplit.c (is_from_line) requires, before a header;
/// - one that is quoted (">From ") or has no date, when the first one of the file is so, or after a diff;
/// - headers with From and Subject after a diff, after a byte order mark, or, with a header that only
///   transport adds (Message-Id, MIME-Version), after an empty line: files that were joined with cat.
/// Text before the first mail is skipped. A file without any mail is one text. bad_input, beginning with
/// `where`: a diff before the first mail.
Result<std::vector<std::string>> split_mailbox(std::string_view text, const std::string& where);

/// Whether git would find its headers (builtin/am.c, is_mail), and one is From or Subject: quilt patches
/// and plain diffs have none.
bool is_mail(std::string_view text);

/// "a second commit" or "a second mail" when one follows the diff; else empty.
std::string second_patch(std::string_view diff);

}  // namespace pinrig::git
