// SPDX-License-Identifier: GPL-2.0
// Which series it is, whatever its version: what mails and cover letters say of themselves. Pure. Private to
// the module.
#pragma once

#include "git/series_read.h"

namespace pinrig::git {

/// The identity of a series with these subjects, from its mails. Each patch gets the Message-ID of the newest
/// mail with its subject; replies are none of them.
SeriesIdentity identity_of(const RawSeries& raw, const std::vector<std::string>& subjects);

/// Values of the trailer lines `KEY: VALUE` of all files, each once, in their order: "base-commit",
/// "prerequisite-patch-id".
std::vector<std::string> trailers_of(const RawSeries& raw, const std::string& key);

}  // namespace pinrig::git
