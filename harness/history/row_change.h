// SPDX-License-Identifier: GPL-2.0
// One row of a delta. Private to history.
#pragma once

#include "history/delta.h"

namespace pinrig::history {

struct RowChange {
  Section section = Section::new_red;
  Cell from;
  Cell to;
  std::size_t since = 0;
  Pattern pattern;
  int red = 0;
  int of = 0;
};

/// Nothing: the row is as it was. `row`: newest first, of a row of the line. Rows of the harness itself are
/// there only when something is wrong: their absence is green.
std::optional<RowChange> change_of(std::span<const Cell> row, std::span<const Built> nights,
                                   std::size_t partner, bool harness_row);

}  // namespace pinrig::history
