// SPDX-License-Identifier: GPL-2.0
// "[PATCH v3 2/7] subject". Pure. Private to the module.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pinrig::git {

/// An ASCII digit, whatever the locale.
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Something in a subject that may be the place in a series, in a form that is not read as one.
struct Guess {
  int number = 0;
  int total = 0;        ///< 0: a number alone, "[PATCH 1]"
  bool marked = false;  ///< in brackets of any kind, or at an end of the subject
};

struct Numbered {
  std::string text;     ///< the whole subject
  std::string subject;  ///< without brackets and "Re:"
  bool reply = false;   ///< began with "Re:", or the same in another language
  int version = 1;      ///< N of "vN"
  int number = -1;      ///< n of "n/m"; 0 is a cover letter; -1 when there is none
  int total = -1;       ///< m of "n/m"
  bool odd = false;     ///< contains something like n/m in an unknown place or form
  /// Without a number: every n/m, n-m, n of m, "n:m", n alone in brackets.
  std::vector<Guess> guesses = {};
};

/// Takes a mail's subject apart. Brackets at its start count: "[PATCH net-next v2 01/12] [media] x: y",
/// "[PATCH1/3]", "[PATCH 1 / 3]", "[PATCH_1/3]", "[PATCH 1 of 3]". "[PATCH 6.1/6.12]" contains no number;
/// "1/3: x", "x (1/3)" and an unclosed "[PATCH 1/3 x" are odd.
Numbered parse_subject(std::string_view subject);

/// Whether mails without numbers (all of a version, at least two) are numbered in a form that is not
/// understood, so that their order is not known: each guesses another number of one total, and these are 1
/// to the total, or all are marked. "fix 1/2 scaling" next to other subjects is not.
bool numbered_in_another_form(const std::vector<const Numbered*>& mails);

}  // namespace pinrig::git
