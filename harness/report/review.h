// SPDX-License-Identifier: GPL-2.0
// A series for those who review it: checks per patch, two versions side by side, and lines for a cover
// letter. Read the store only.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "report/report.h"

namespace pinrig::report {

/// JSON for patchwork: for each patch, architecture and configuration an object with `patch_id`,
/// `message_id`, `context` ("pinrig-x86_64"), `state` (success, warning, fail, pending) and `description` of
/// at most 120 characters. bad_usage when the run has no series.
Result<std::string> checks(const store::Store& store, const store::RunRow& run);

/// For b4's review checks on one mail.
struct B4Answer {
  bool known = false;  ///< a run had it
  std::string json;    ///< "[]" when none had
};
/// A mail, as runs may know it. Empty words match nothing.
struct MailKey {
  std::string message_id;  ///< without <>
  std::string patch_id;    ///< `git patch-id --stable` of its diff
  /// The series that a run without a Message-ID made of it. The patch-id of a diff depends on its lines of
  /// context, and stored ones have three of them (git/identify.cc), so that it alone may not find the run.
  std::string series;
};
/// The newest run that had the mail as patch (by Message-ID or by patch-id), as cover letter, or as the whole
/// series: all patches of that one when neither id names one of them.
/// What fails there and not in another run of the same kernel is flaky: a warning, as are skipped tests and
/// what was not run.
Result<B4Answer> b4_check(const store::Store& store, const MailKey& mail);

/// A line of git range-diff: its mark (= ! < >) and the commits, empty where it has none.
struct PatchLink {
  char mark = '=';
  std::string before;
  std::string now;
};
/// Files that a commit touches.
using FilesOfCommit = std::map<std::string, std::vector<std::string>>;

/// What comparing needs of git.
struct CompareFacts {
  /// Nothing: the patches are paired by patch-id, then by subject.
  std::optional<std::vector<PatchLink>> links = {};
  std::string why_not = {};  ///< no links: "the commits of v7 are no longer in the cache"
  FilesOfCommit files = {};  ///< of the patches of the second run that are changed or new
};

/// The commits of the second run's patches that are changed or new against the first.
Result<std::vector<std::string>> changed_commits(const store::Store& store, const store::RunRow& before,
                                                 const store::RunRow& now, const CompareFacts& facts);

/// Two runs of versions of a series: the patches as git range-diff -s shows them, what changed between the
/// last points, what is red in the first and not fixed, and tests that the second did not run although they
/// cover files of changed or new patches.
Result<std::string> compare_runs(const store::Store& store, const store::RunRow& before,
                                 const store::RunRow& now, const CompareFacts& facts, const Style& style);
/// The same as JSON.
Result<std::string> compare_runs_json(const store::Store& store, const store::RunRow& before,
                                      const store::RunRow& now, const CompareFacts& facts);

/// What a cover letter needs and the store does not have.
struct CoverFacts {
  std::string repeat = {};                ///< the command that repeats the run
  std::vector<std::string> sizes = {};    ///< page sizes: "aarch64 16 KiB"
  std::vector<std::string> with = {};     ///< options that matter and every kernel has: "DEBUG_VM"
  std::vector<std::string> without = {};  ///< those that no kernel has
  std::vector<std::string> proven =
      {};                    ///< faults that tests of the run were seen to detect, by pinrig prove
  std::size_t declared = 0;  ///< faults that these tests declare
};
/// The tests of a run that came to a verdict other than a skip, at any point.
Result<std::vector<std::string>> tests_that_ran(const store::Store& store, const store::RunRow& run);
/// At most 14 lines of at most 72 columns in ASCII.
Result<std::string> cover(const store::Store& store, const store::RunRow& run, const CoverFacts& facts);

}  // namespace pinrig::report
