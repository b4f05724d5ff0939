// SPDX-License-Identifier: GPL-2.0
// Two runs of versions of a series, compared. Pure. Private to report.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/matrix.h"

namespace pinrig::report {

/// A run with its series.
struct VersionData {
  RunData data;
  std::optional<store::SeriesRow> series;
  std::vector<store::PatchRow> patches;

  std::string name() const;  ///< "v7"; of a run that does not know its version its series' name
};
Result<VersionData> load_version(const store::Store& store, const store::RunRow& run);

/// As a line of git range-diff.
struct PatchPair {
  enum class Kind { same, changed, dropped, fresh };  ///< "=", "!", "<", ">"
  Kind kind = Kind::same;
  const store::PatchRow* before = nullptr;
  const store::PatchRow* now = nullptr;
};
char sign_of(PatchPair::Kind kind);
/// By patch-id, then by subject; in the order of `now`, dropped ones where they were.
std::vector<PatchPair> pair_patches(const std::vector<store::PatchRow>& before,
                                    const std::vector<store::PatchRow>& now);

/// A row of the last points of both.
struct RowPair {
  std::string name;      ///< "suite/test" or "suite/test:case"
  std::size_t more = 0;  ///< cases of the test that changed alike, in addition
  std::string head;      ///< "x86_64"
  std::string before;    ///< "leak +64", "skip (no drive)"; empty: it has no such row
  std::string now;
  bool red_before = false;  ///< not as expected
  bool red_now = false;
  std::string since_before;  ///< "patch 2", "patches 1 to 4": to which the red belongs; empty without a red
  std::string since_now;
};

struct VersionDiff {
  bool same_base = true;
  std::vector<PatchPair> patches;
  std::vector<RowPair> changed;        ///< verdict, pins or reason of a skip differ
  std::vector<RowPair> still_red;      ///< red in both
  std::vector<std::string> not_run;    ///< tests of the first that the second has not
  std::vector<std::string> not_built;  ///< heads whose last point one of them did not build
};
VersionDiff compare_versions(const VersionData& before, const VersionData& now);

}  // namespace pinrig::report
