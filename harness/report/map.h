// SPDX-License-Identifier: GPL-2.0
// The rows of guest-tests/map.yaml and their results in stored runs.
#pragma once

#include <string>
#include <vector>

#include "model/map.h"
#include "model/suite.h"
#include "report/kernels.h"

namespace pinrig::report {

/// The result of the tests of one row on one kernel: the worst one.
struct MapCell {
  enum class State { not_run, skip, pass, xfail, known, fail };
  State state = State::not_run;
  int tests = 0;     ///< that had this state
  int passed = 0;    ///< of the row's tests
  std::string note;  ///< why it is not a pass
};

struct MapLine {
  model::MapRow row;
  std::vector<std::string> tests;  ///< that name the row
  std::vector<MapCell> cells;      ///< one for each column
};

struct PinMap {
  std::vector<KernelColumn> columns;
  std::vector<MapLine> lines;  ///< in the order of map.yaml
};

/// From the unpatched kernels of `runs` (newest first): for each test the first verdict that they have of it.
Result<PinMap> pin_map(const std::vector<model::MapRow>& rows, const std::vector<model::Suite>& suites,
                       const store::Store& store, const std::vector<store::RunRow>& runs);

std::string map_terminal(const PinMap& map, const Style& style);
std::string map_markdown(const PinMap& map);

}  // namespace pinrig::report
