// SPDX-License-Identifier: GPL-2.0
// The formats for machines, in one table: `pinrig show --format NAME` and `pinrig run --OPTION FILE`.
#pragma once

#include <string>
#include <vector>

#include "report/report.h"
#include "report/unfinished.h"

namespace pinrig::report {

struct Format {
  const char* name;    ///< of `show --format`
  const char* option;  ///< of `run`: "--junit"
  const char* about;   ///< help of that option
  /// Instead of a result: the run did not begin, or did not end.
  std::string (*unfinished)(const Unfinished&);
  /// What the store has, of a run in any state.
  Result<std::string> (*finished)(const store::Store&, const store::RunRow&, const Selection&);
};

const std::vector<Format>& formats();
/// Null for a name that is none.
const Format* format_of(const std::string& name);

}  // namespace pinrig::report
