// SPDX-License-Identifier: GPL-2.0
// Headers of a mail as text. Pure.
#pragma once

#include <string>
#include <string_view>

namespace pinrig::git {

/// The value of a header with its continuation lines as one line, `key` in lower case with its colon:
/// "subject:". Empty when there is none before the first empty line.
std::string header_of(std::string_view mail, std::string_view key);

/// The Message-ID without <>; may be empty.
std::string message_id_of(std::string_view mail);

}  // namespace pinrig::git
