// SPDX-License-Identifier: GPL-2.0
// "[PATCH v3 2/7] subject" and the order of a series. Pure. Private to the module.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace pinrig::git {

struct Numbered {
  std::string subject;  ///< without brackets and "Re:"
  bool reply = false;   ///< began with "Re:"
  int version = 1;      ///< N of "vN"
  int number = -1;      ///< n of "n/m"; 0 is a cover letter; -1 when there is none
  int total = -1;       ///< m of "n/m"
};

/// Takes a mail's subject apart. Only brackets at its start count: "[PATCH net-next v2 01/12] [media] x: y".
Numbered parse_subject(std::string_view subject);

/// The order to apply patches in: indices into `patches` (which hold no cover letter and no reply).
/// Numbered ones are sorted and must be complete; without numbers the given order holds. bad_input names the
/// gap, the duplicate, or the two versions; `where` starts the message.
Result<std::vector<std::size_t>> order_of(const std::vector<Numbered>& patches, const std::string& where);

}  // namespace pinrig::git
