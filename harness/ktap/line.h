// SPDX-License-Identifier: GPL-2.0
// One line of KTAP: what it is, and what a result line says. No state.
#pragma once

#include <string>
#include <string_view>

#include "ktap/ktap.h"

namespace pinrig::ktap {

enum class LineKind { other, version, plan, result, diagnostic, bail_out };

struct Line {
  LineKind kind = LineKind::other;
  std::size_t indent = 0;  ///< spaces and tabs before the text
  std::string_view rest;   ///< version: nothing; plan, result: after the number; diagnostic: after "# "
  int number = 0;          ///< of the version, the plan ("1..N") or the result (0 = none)
  bool ktap = false;       ///< version: "KTAP" and not "TAP"
  bool ok = false;         ///< result: "ok" and not "not ok"
};

/// Looks at a line without its line end. A result without a number is still a result here.
Line classify(std::string_view text);

/// Fills name, status, reason and time_ms from the part of a result line after its number. Returns an unknown
/// directive in capitals ("# FLAKY ..."), or nothing.
std::string_view describe(bool ok, std::string_view rest, Case& out);

/// Where "TAP version N" begins ("KTAP" included) in a line that ends with it; npos when it does not.
std::size_t find_version(std::string_view line);

/// Reads decimal digits at the front of `text` and removes them; -1 when there are none. More than nine
/// digits give 999999999.
int take_number(std::string_view& text);

/// True when every byte is ASCII and none is NUL or ESC: nearly always the case.
bool is_plain(std::string_view text);
/// Without NUL bytes and escape sequences (colours), and with U+FFFD for what is not UTF-8; `bad` is set if
/// there was any.
std::string cleaned(std::string_view text, bool& bad);

}  // namespace pinrig::ktap
