// SPDX-License-Identifier: GPL-2.0
// "[PATCH v3 2/7] subject". Pure. Private to the module.
#pragma once

#include <string>
#include <string_view>

namespace pinrig::git {

struct Numbered {
  std::string text;     ///< the whole subject
  std::string subject;  ///< without brackets and "Re:"
  bool reply = false;   ///< began with "Re:", or the same in another language
  int version = 1;      ///< N of "vN"
  int number = -1;      ///< n of "n/m"; 0 is a cover letter; -1 when there is none
  int total = -1;       ///< m of "n/m"
  bool odd = false;     ///< contains something like n/m in an unknown place or form
};

/// Takes a mail's subject apart. Brackets at its start count: "[PATCH net-next v2 01/12] [media] x: y",
/// "[PATCH1/3]", "[PATCH 1 / 3]", "[PATCH_1/3]", "[PATCH 1 of 3]". "[PATCH 6.1/6.12]" contains no number;
/// "1/3: x", "x (1/3)" and an unclosed "[PATCH 1/3 x" are odd.
Numbered parse_subject(std::string_view subject);

}  // namespace pinrig::git
