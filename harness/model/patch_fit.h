// SPDX-License-Identifier: GPL-2.0
// How a patch of a series came into the tree: where its lines say, elsewhere, or by a merge.
#pragma once

#include <string>
#include <vector>

namespace pinrig::model {

/// A hunk that did not apply where its patch says, or not with all lines of its context.
struct MovedHunk {
  std::string file;
  int line = 0;    ///< where it begins in the file with the patch, 1-based
  int offset = 0;  ///< lines further down than the patch says; negative: further up
  int fuzz = 0;    ///< lines of context at each end that are different there, as patch(1) counts them
  bool operator==(const MovedHunk&) const = default;
};

struct PatchFit {
  bool merged = false;  ///< it did not apply, and was merged as git am --3way does
  std::vector<MovedHunk> hunks;

  /// Applied as it is.
  bool exact() const { return !merged && hunks.empty(); }
  /// More than an offset: someone should look at the result.
  bool inexact() const;
  bool operator==(const PatchFit&) const = default;
};

/// "applies with fuzz 2 at mm/gup.c:1204 (offset 3 lines)", "applies with offset 3 lines at mm/gup.c:1204 and
/// 2 more hunks", "merged by --3way"; the hunk with the most fuzz or offset is named. Empty: exact.
std::string to_string(const PatchFit& fit);

/// {"merged": false, "hunks": [{"file", "line", "offset", "fuzz"}]}; empty: exact.
std::string fit_to_json(const PatchFit& fit);
/// Exact for an empty text. Throws what nlohmann::json throws.
PatchFit fit_from_json(const std::string& text);

}  // namespace pinrig::model
