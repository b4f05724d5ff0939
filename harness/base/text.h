// SPDX-License-Identifier: GPL-2.0
// Small text functions used everywhere; no I/O.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pinrig {

std::vector<std::string> split(std::string_view text, char sep);
/// Lines without their '\n' (a '\r' before it is dropped too); a last line without '\n' counts.
std::vector<std::string_view> lines(std::string_view text);
std::string_view trim(std::string_view text);
std::string join(const std::vector<std::string>& parts, std::string_view sep);
/// Untrusted text made safe for terminals and XML: valid UTF-8, controls (C0, DEL, C1) as \x1b, what reorders
/// text or is not seen (bidi, zero width) as \u{202e}, U+FFFE, U+FFFF and bytes that are not UTF-8 as U+FFFD,
/// line ends and tabs as blanks. JSON has the text itself.
std::string shown(std::string_view text);
/// The same for each line; the '\n' between them stay.
std::string shown_lines(std::string_view text);
/// Quoted for a POSIX shell: for showing commands, never for running them.
std::string shell_quote(const std::string& arg);
std::string shell_line(const std::vector<std::string>& argv);
/// The known word nearest to `word` by edit distance, or empty when nothing is near (> 1/2 of its length).
std::string nearest(std::string_view word, const std::vector<std::string>& known);
/// "; did you mean 'X'?" with the known word nearest to `word`; empty when nothing is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);
/// "1 test", "2 tests", "3 patches".
std::string count_of(std::size_t n, std::string_view noun);
/// What a JSON library says is wrong, without its name for the error: "[json.exception.type_error.302] ...".
std::string json_reason(std::string_view what);
/// "+1 page", "-3 pages".
std::string signed_count_of(std::int64_t n, std::string_view noun);
/// "1.5 GiB", "312 KiB".
std::string human_bytes(std::uintmax_t bytes);
/// "2m03s", "14.2s".
std::string human_seconds(double seconds);
/// Shell-style match with '*' (any run, '/' included) and '?'; no character classes.
bool glob_match(std::string_view pattern, std::string_view text);

}  // namespace pinrig
