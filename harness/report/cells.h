// SPDX-License-Identifier: GPL-2.0
// One cell of the table. Private to report.
#pragma once

#include <string>
#include <vector>

#include "report/table.h"

namespace pinrig::report {

struct Layout {
  bool stacked = false;   ///< pins below the verdict instead of next to it
  int label = 0;          ///< wording of "(as expected)": 0 long, 1 short, 2 a star
  std::size_t name = 40;  ///< columns for names at most; longer ones are broken
};

/// The widths of a column of the table.
struct Column {
  std::size_t verdict = 0;  ///< of the widest verdict with pins next to it; 0 when stacked
  std::size_t whole = 0;
};

/// The widths that the cells of a kernel need.
Column measure_column(const KernelData& kernel, const Layout& layout, const Painter& p);
/// The lines of a cell; a test that the kernel does not have is a dot.
std::vector<std::string> cell_lines(const TestData* t, const Layout& layout, const Column& column,
                                    const Painter& p);

}  // namespace pinrig::report
