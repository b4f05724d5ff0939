// SPDX-License-Identifier: GPL-2.0
// The file `series` of quilt. Pure. Private to the module.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace pinrig::git {

struct Listed {
  std::string name;  ///< relative to the folder of `series`, may contain blanks, '#' and '/'
  int strip = 1;     ///< N of -pN
};

/// Names in their order. Comments begin with '#' at the start of a line or after a blank; options are -pN,
/// "-p N", -pab and --strip=N. bad_input as "WHERE:LINE: ...": another option (-R), a guard ("+x86 a.patch"),
/// a name that `exists` does not know.
Result<std::vector<Listed>> parse_series_file(std::string_view text, const std::string& where,
                                              const std::function<bool(const std::string&)>& exists);

}  // namespace pinrig::git
