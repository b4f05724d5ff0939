// SPDX-License-Identifier: GPL-2.0
// One line of a console log, and the words in it.
#pragma once

#include <string>
#include <string_view>

namespace pinrig::console {

/// A line without what printk and the terminal put around the message.
struct Message {
  double stamp_s = -1;      ///< -1: no time stamp
  std::string_view caller;  ///< "T12" or "C1" of CONFIG_PRINTK_CALLER, or empty
  std::string_view text;    ///< the message; its own leading spaces stay
};

/// Takes a line apart. `buffer` holds the text when colours or NUL bytes have to be taken out of it.
Message take_apart(std::string_view line, std::string& buffer);

/// The same title for the same event: addresses become ADDR, numbers N, "func+0x1/0x2" becomes func; cut at
/// 200 bytes, only printable ASCII.
std::string normalised(std::string_view title);

/// True for what scripts/decode_stacktrace.sh puts in the place of "+0x1a/0x40": " (mm/gup.c:123
/// mm/gup.c:99)".
bool is_source(std::string_view text);

/// "func" of "func+0x1a/0x40" or "func (mm/gup.c:123)" at the front of `text` (after spaces, "0010:" and
/// brackets); empty when there is none. Compiler suffixes (.isra.0, .constprop.0, .part.0, .cold) are cut.
std::string_view function_at(std::string_view text);

}  // namespace pinrig::console
