// SPDX-License-Identifier: GPL-2.0
// A series that is not in a file yet: on stdin, or on a mailing list.
#pragma once

#include "base/cancel.h"
#include "base/paths.h"
#include "run/inputs.h"

namespace pinrig::cli {

/// A Message-ID ("20260101.abc@example.org", also in <>) or the address of a thread on lore.kernel.org; the
/// Message-ID, empty when `word` is neither. A file of that name comes first.
std::string message_id_in(const std::string& word);

/// With --series - or a Message-ID: puts the mails into STATE/series and names that file in `options`
/// instead, so that the run can be repeated. Mails of a list are fetched by b4. Other words stay as they are.
/// bad_usage: nothing on stdin; missing_tool: b4 is not installed; bad_input: b4 found no series.
Result<void> fetch_series(run::RunOptions& options, const Paths& paths, const CancelToken& cancel);

/// The name of the series that series_of_mail() makes of a mail itself: "mail-0123456789ab", by its content.
std::string series_name_of_mail(const std::string& mail);

/// The series that a mail belongs to, as fetch_series() keeps it: the thread of its Message-ID if b4 is
/// installed, else the mail itself if it has a diff. missing_tool: it has none, and there is no b4.
Result<std::string> series_of_mail(const std::string& mail, const std::string& message_id, bool has_diff,
                                   const Paths& paths, const CancelToken& cancel);

}  // namespace pinrig::cli
