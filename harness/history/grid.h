// SPDX-License-Identifier: GPL-2.0
// Tests × nights. Pure; a terminal and a page draw the same value.
#pragma once

#include <string>
#include <vector>

#include "history/line.h"
#include "history/pattern.h"

namespace pinrig::history {

struct GridOptions {
  std::size_t nights = 50;  ///< columns, newest first
  std::string tests;        ///< glob over "suite/test"; with `cases` over "suite/test:case", too; empty: all
  bool cases = false;       ///< a row for each case; else they are folded into their test's
  bool all = false;         ///< also rows that are stale, or green on all of these nights
};

struct GridRow {
  RowName name;
  std::size_t column = 0;   ///< of the line
  std::vector<Cell> cells;  ///< newest first
  Pattern pattern;
  std::size_t since = 0;  ///< night on which the red began, of a row that is red now
};

struct Grid {
  std::vector<GridRow> rows;  ///< red now, then by flips, then by name
  std::size_t nights = 0;
  std::size_t stale = 0;            ///< rows that are omitted since no recent night has them
  std::size_t quiet = 0;            ///< rows that are omitted since they were never red
  std::vector<std::string> broken;  ///< "tip x86_64 on RUN: 40 of 100 tests red", one line each
};
Grid grid(const Line& line, const GridOptions& options);

}  // namespace pinrig::history
