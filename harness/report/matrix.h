// SPDX-License-Identifier: GPL-2.0
// The patches of a series side by side: only what differs between them, and where it began. Pure. Private to
// report.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/run_data.h"
#include "report/text_layout.h"

namespace pinrig::report {

/// One row at one point.
struct PointMark {
  std::optional<model::Verdict> verdict;  ///< nothing: no such row here, or not built
  bool expected = true;
  std::int64_t pages = 0;  ///< outstanding
  bool inherited = false;  ///< no code change: that of the point before
  int warnings = 0;        ///< of build/warnings: new ones

  /// A failure, whether it is expected or not, or not as expected.
  bool red() const { return verdict && (is_bad(*verdict) || !expected); }
  bool operator==(const PointMark& other) const {
    return verdict == other.verdict && expected == other.expected && pages == other.pages;
  }
};

struct MatrixRow {
  std::string name;              ///< "suite/test", "suite/test:case", "build/kernel", "build/warnings"
  std::size_t more = 0;          ///< cases of the test with the same marks, in addition to the named one
  std::vector<PointMark> marks;  ///< one for each point
  std::optional<std::size_t> first_red;  ///< index of the first red point; nothing: none, or the base is red
};

/// The points of one architecture and configuration.
struct Matrix {
  std::string head;  ///< "x86_64", "x86_64 debug"
  std::vector<const KernelData*> points;
  std::vector<MatrixRow> rows;                         ///< those that differ
  std::size_t same = 0;                                ///< tests of which no row differs
  std::vector<std::vector<std::string>> new_warnings;  ///< for each point, "file: text"

  /// Names of the tests (not their cases) that are red first at a point.
  std::vector<std::string> red_at(std::size_t point) const;
};

/// One for each architecture and configuration that has at least `least` points.
std::vector<Matrix> matrices(const RunData& data, std::size_t least = 3);

/// Rows that differ and one mark for each point, in blocks of ten points when there are many; below it the
/// subjects with what is red first at each. Empty without a matrix.
std::string matrix_text(const RunData& data, const Painter& p);

}  // namespace pinrig::report
