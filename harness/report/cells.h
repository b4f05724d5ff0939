// SPDX-License-Identifier: GPL-2.0
// One cell of the table. Private to report.
#pragma once

#include <string>
#include <vector>

#include "report/table.h"

namespace pinrig::report {

struct Layout {
  bool stacked = false;  ///< pins below the verdict instead of beside it
  int label = 0;         ///< wording of "(as expected)": 0 long, 1 short, 2 a star
};

/// Columns the cell wants at least.
std::size_t cell_width(const TestData& t, const Layout& layout, const Painter& p);
/// The lines of a cell in `width` columns; a test that the job does not have is a dot.
std::vector<std::string> cell_lines(const TestData* t, const Layout& layout, std::size_t width, const Painter& p);

}  // namespace pinrig::report
