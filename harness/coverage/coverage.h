// SPDX-License-Identifier: GPL-2.0
// How much of each patch the tests ran. Pure.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "coverage/blame.h"
#include "coverage/lines.h"

namespace pinrig::coverage {

/// A patch of the series, and the lines of the tip that it owns (blame.h).
struct Patch {
  int number = 0;
  std::string subject;
  std::string patch_id;
  std::vector<std::string> files;  ///< all that it touches
  FileLines lines;
};

/// The lines that a test ran, of the files that the series touches.
struct TestLines {
  std::string test;  ///< "suite/test"
  FileLines ran;
};

/// What was measured on one kernel.
struct KernelLines {
  std::string kernel;  ///< its id in the run
  std::string arch;
  FileLines code;                    ///< lines with code in its objects, of the files that the series touches
  std::vector<std::string> unbuilt;  ///< C files of the series that have no object in this configuration
  std::map<std::string, std::string> not_counted;  ///< tests whose counters did not come, and why
  std::vector<TestLines> tests;
};

/// A run's coverage: coverage.json in its folder.
struct RunCoverage {
  std::string base;
  std::string base_tree;  ///< git tree of the base
  std::string series;
  std::vector<Patch> patches;
  std::map<std::string, std::vector<Kept>> kept;  ///< of each file that the series touches
  std::vector<KernelLines> kernels;
};
std::string to_json(const RunCoverage& coverage);
/// bad_input when it is not what to_json() writes.
Result<RunCoverage> from_json(std::string_view text);

/// One patch on one kernel. Lines without code (comments, declarations) do not count.
struct PatchCoverage {
  int number = 0;
  std::string subject;
  FileLines ran;
  FileLines never;
  std::vector<std::string> tests;    ///< those that ran a line of it
  std::vector<std::string> unbuilt;  ///< of its C files
};
std::vector<PatchCoverage> patch_coverage(const RunCoverage& run, const KernelLines& kernel);

/// `31 of 34 changed lines ran in 14 tests; never: block/bio.c:1341-1343`
std::string to_words(const PatchCoverage& patch);
/// The same of one patch of several: `patch 7: 31 of 34 ...`.
std::string to_text(const PatchCoverage& patch);
/// All of them together, as one; number and subject are empty.
PatchCoverage sum(const std::vector<PatchCoverage>& patches);

/// Changed lines that the same tests ran.
struct LinesRun {
  FileLines lines;
  std::vector<std::string> tests;  ///< empty: these never ran
};
/// All changed lines of a patch that have code, by file and line; those that never ran last.
std::vector<LinesRun> line_table(const RunCoverage& run, const KernelLines& kernel, int patch);
/// `block/bio.c:1230-1231  bio/dio_rw bio/dio_fork`, `block/bio.c:1240  never`
std::string to_text(const LinesRun& lines);

/// The tests that the series is about: those that ran a changed line, on any kernel. Lines that every
/// measured test ran say nothing (each starts a program and ends): they choose no test, unless there are no
/// others. A test whose counters did not come, because the series crashes it, is among them.
std::set<std::string> touching_tests(const RunCoverage& run);

/// The same for another series on the same base that changes these lines of the base (changed_places()):
/// tests that ran one of them, or, where that has no code, the nearest line with code before or after it.
std::set<std::string> tests_at(const RunCoverage& run, const FileLines& places);

/// All tests that were asked, also those whose counters did not come.
std::set<std::string> measured_tests(const RunCoverage& run);

/// The same patches in the same order, whatever their base and subjects.
bool same_series(const RunCoverage& run, const std::vector<std::string>& patch_ids);

}  // namespace pinrig::coverage
