// SPDX-License-Identifier: GPL-2.0
// The map of paths on which a kernel pins user pages (guest-tests/map.yaml).
#pragma once

#include <string>
#include <vector>

#include "model/kernel.h"

namespace pinrig::model {

struct MapRow {
  std::string id;            ///< "D1": what `rows:` of a test names
  std::string what;          ///< one line
  std::string not_testable;  ///< why no test can reach it; empty = testable
  SourceLocation where;
};

}  // namespace pinrig::model
