// SPDX-License-Identifier: GPL-2.0
// Two runs of versions of a series, compared. Pure. Private to report.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/covering.h"
#include "report/matrix.h"
#include "report/review.h"

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
/// As git paired them; nothing when it names a commit that the runs do not have.
std::optional<std::vector<PatchPair>> pair_as(const std::vector<PatchLink>& links,
                                              const std::vector<store::PatchRow>& before,
                                              const std::vector<store::PatchRow>& now);

/// A row of the last points of both.
struct RowPair {
  std::string name;      ///< "suite/test" or "suite/test:case"
  std::size_t more = 0;  ///< cases of the test that changed alike, in addition
  std::string head;      ///< "x86_64"
  std::string before;    ///< "leak +64", "skip (no drive)"; "not run"; empty: it has no such row
  std::string now;
  bool red_before = false;  ///< not as expected
  bool red_now = false;
  std::string since_before;  ///< "patch 2", "patches 1 to 4": to which the red belongs; empty without a red
  std::string since_now;
};

struct VersionDiff {
  bool same_base = true;
  std::vector<PatchPair> patches;
  bool by_git = false;                  ///< the patches are paired by git range-diff
  std::vector<RowPair> changed;         ///< verdict, pins or reason of a skip differ
  std::vector<RowPair> still_red;       ///< red in the first, and red or not run in the second
  std::vector<std::string> not_run;     ///< tests of the first that the second has not
  std::vector<std::string> not_built;   ///< heads whose last point one of them did not build
  std::vector<std::string> only_first;  ///< heads that the second has not
};
VersionDiff compare_versions(const VersionData& before, const VersionData& now,
                             const std::optional<std::vector<PatchLink>>& links = {});

/// A file of changed or new patches, and the tests that are known to run its code and did not run.
struct UncoveredFile {
  std::string file;
  std::vector<int> patches;        ///< of the second version
  bool known = false;              ///< some run with --coverage counted in it
  std::vector<std::string> tests;  ///< not run at the last point of any architecture
};
/// By file. Files of which nothing is to be said are omitted: those without code of their own that no run
/// counted in, and those whose tests all ran.
std::vector<UncoveredFile> uncovered_files(const std::vector<PatchPair>& patches, const FilesOfCommit& files,
                                           const CoveringTests& covering, const VersionData& now);

}  // namespace pinrig::report
