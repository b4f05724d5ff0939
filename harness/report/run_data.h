// SPDX-License-Identifier: GPL-2.0
// A run for the renderers: loaded completely, cleaned, in the order of the columns. Private to report.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "assess/assess.h"
#include "coverage/coverage.h"
#include "holders/json.h"
#include "store/store.h"

namespace pinrig::report {

using Row = model::AssessedResult;

/// Text that came from a guest, fit to print: no control characters, valid UTF-8.
void clean_row(Row& row);
void clean_event(model::KernelEvent& event);

/// What an assessment gives as its reason; empty without one.
std::string reason_of(const Row& row);
bool is_known_issue(const Row& row);
/// dump_page() on purpose, by gup_test -c: nothing that went wrong.
bool is_page_dump(const model::KernelEvent& event);
/// A verdict other than pass, skip or xfail.
bool is_bad(model::Verdict v);

/// The kernel's build did not begin: what its guests need could not be made.
bool not_tried(store::KernelState state);

/// One test of one guest with its cases.
struct TestData {
  Row row;  ///< of the test itself
  std::vector<Row> cases;
  std::string guest_id;      ///< that ran it
  std::string dir;           ///< of that guest
  bool as_expected() const;  ///< the test and every case
  const std::string& name() const { return row.verdict().test; }
  std::string output_file() const;  ///< what the test printed; empty when it never ran
};

struct GuestData {
  store::GuestRow row;
  std::vector<store::AttemptRow> attempts;
  std::vector<TestData> tests;  ///< in the order of the store
  std::vector<model::KernelEvent> events;

  bool completed() const { return row.outcome && row.outcome->kind == model::JobOutcome::Kind::completed; }
  /// As it counts for the exit code: completed, or dead of what its tests were expected to do.
  bool as_expected() const;
  bool started() const { return !row.accel.empty(); }
  bool ended() const { return row.outcome.has_value(); }
};

struct KernelData {
  store::KernelRow row;
  std::vector<GuestData> guests;                    ///< the main one first
  std::map<std::string, std::string> capabilities;  ///< that this run found
  std::map<std::string, std::string> elsewhere;     ///< found only by other runs of the same kernel

  bool built() const { return row.state == store::KernelState::built; }
  /// A patch did not apply, or the build failed: its planned tests are not findings.
  bool not_built() const { return !built() && row.state != store::KernelState::planned; }
  bool completed() const;  ///< built, and every guest completed
  std::size_t started() const;
  double wall_s() const;  ///< of all guests
  std::string release() const;
  std::vector<const TestData*> tests() const;
  const TestData* find(const std::string& test) const;
  const GuestData* guest_of(const TestData& test) const;
  std::vector<const model::TestResult*> results()
      const;  ///< tests and cases, as assess::compare() takes them
  std::map<std::string, std::string> all_capabilities() const;  ///< its own and those found elsewhere
};

struct RunData {
  store::RunRow run;
  std::vector<KernelData> kernels;       ///< as planned: by architecture and configuration, points ascending
  std::vector<std::string> tests;        ///< of all kernels, each once, suites together
  std::vector<store::PatchRow> patches;  ///< of its series, in order; none: no series, or an old run
  std::optional<coverage::RunCoverage> measured;  ///< of a run with --coverage
  std::vector<holders::Finding> holders;          ///< of a run with --holders that leaked

  /// The base that `kernel` is compared with: nothing for a base, or when it is not in the run.
  const KernelData* base_of(const KernelData& kernel) const;
  /// What `kernel`, a point with this patch, has not of it; of an old run nothing is known.
  model::Unbuilt unbuilt_at(int patch, const KernelData& kernel) const;
};

/// Reads all of it, with the assessment and exit code of `instead` where that is given. Text that came from a
/// guest is cleaned: no control characters, valid UTF-8.
Result<RunData> load(const store::Store& store, const store::RunRow& run,
                     const assess::RunAssessment* instead = nullptr);
/// Replaces the stored assessment.
void replace_assessment(RunData& data, const std::vector<model::KernelAssessment>& assessment);

/// "suite/test" or "suite/test:case"
std::string name_of(const model::LostRow& lost);
/// "pass on base-x86_64, absent here"
std::string text_of(const model::LostRow& lost);
/// "dio.bdev=pin dio.iomap=get"
std::string capability_words(const std::map<std::string, std::string>& capabilities);
/// "x86_64 tip", "x86_64 debug tip"
std::string column_name(const store::KernelRow& kernel);
/// The same without the point: "x86_64", "x86_64 debug"
std::string comparison_name(const store::KernelRow& kernel);
/// "timed out (test): no answer for 50 s"; of a guest that never ended "not finished".
std::string outcome_text(const std::optional<model::JobOutcome>& outcome);
/// A suite's name of "suite/test".
std::string suite_of(const std::string& test);
/// Seconds between two ISO 8601 times; nothing when one is missing or garbled.
std::optional<double> elapsed_s(const std::string& started, const std::string& finished);

}  // namespace pinrig::report
