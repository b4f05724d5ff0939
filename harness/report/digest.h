// SPDX-License-Identifier: GPL-2.0
// The result of a run, as values: what is not as expected, each fault once; changes; counts. Renderers only
// format these. Pure. Private to report.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "assess/compare.h"
#include "report/run_data.h"

namespace pinrig::report {

/// A patch that does not apply, a kernel or the guest programs that do not build, with everything that was
/// not tested because of it.
struct NotBuilt {
  store::KernelState state = store::KernelState::build_failed;
  int patch = 0;        ///< 0: the base itself, or nothing of the series
  std::string subject;  ///< of that patch
  std::string failure;  ///< one line: file:line and what the compiler or `git am` said
  std::string log;      ///< path of the build log; may be empty
  std::vector<model::Arch> archs;
  std::vector<std::string> kernels;   ///< ids of all kernels that are missing because of it
  std::vector<std::string> untested;  ///< labels of the points that cannot be tested, without that of a patch
                                      ///< that does not build itself: "3", "tip"

  /// "patch 2 does not build", "the base does not build", "the series does not apply"
  std::string headline() const;
  /// Headline and failure. The failure of a patch that does not apply names the patch: it need not be that of
  /// the first planned point.
  std::string sentence() const;
};

/// Each fault once: consecutive points that fail share one reason, and so do architectures with the same
/// message.
std::vector<NotBuilt> not_built_of(const RunData& data);

/// A guest that did not end normally, with the tests that were lost with it.
struct LostGuest {
  const KernelData* kernel = nullptr;
  const GuestData* guest = nullptr;
  std::vector<std::string> tests;  ///< without a result of their own

  std::string headline() const;  ///< "panicked in test"
};

/// Cases of one test with the same verdict, detail and reason.
struct CaseGroup {
  model::Verdict verdict = model::Verdict::fail;
  std::string detail;                    ///< what the case said
  std::string reason;                    ///< of the assessment, when it is not as expected
  std::vector<std::string> diagnostics;  ///< of the first
  std::vector<std::string> names;
};

/// Why a test is not as expected, or the details of one that is: everything a reader needs.
struct Why {
  model::Verdict verdict = model::Verdict::missing;
  bool expected = false;  ///< the test itself; its cases may still not be
  std::optional<model::Rule> rule;
  std::string detail;
  std::string reason;                    ///< of the assessment
  std::vector<std::string> diagnostics;  ///< what the test printed
  std::vector<CaseGroup> cases;          ///< those that are not as expected (or not good, when all are)
  std::optional<model::PinLedger> ledger;
  std::vector<model::KernelEvent> events;  ///< that the test owns, without announced page dumps
};
Why why_of(const KernelData& kernel, const TestData& test);

/// One test that is not as expected, for all kernels with the same symptoms.
struct Finding {
  std::string test;
  std::vector<const KernelData*> kernels;
  const TestData* first = nullptr;
  Why why;
  std::vector<model::LostRow> lost;  ///< it or its cases, that only the reference kernel has

  std::string headline() const;  ///< "leak in bio/dio_rw (+64)", "2 cases failed in bio/dio_rw"
};

/// A test or a case that differs between base and tip.
struct Change {
  assess::Delta delta;
  std::vector<std::string> columns;  ///< architecture and configuration: "x86_64", "x86_64 debug"
  bool expected = true;              ///< the verdict at the tip is as expected
  int since = 0;  ///< number and subject of the first patch that has it, when points between were run
  std::string subject;
  int since_from =
      0;  ///< the first of the patches that can have brought it: those before `since` have no result
};

/// What could not be compared: a kernel, or tests that went with their guest.
struct NotCompared {
  const KernelData* kernel = nullptr;
  std::size_t tests = 0;  ///< 0: none of that kernel was tested
};

struct Counts {
  std::size_t tests = 0;        ///< judged
  std::size_t unexpected = 0;   ///< of them
  std::size_t guests = 0;       ///< that were started
  std::size_t guests_lost = 0;  ///< not as expected, of kernels that were built
  std::size_t not_built = 0;    ///< kernels
  std::size_t not_tried = 0;    ///< kernels whose guests could not be prepared
  std::size_t unmet = 0;
  std::size_t lost = 0;                      ///< rows that only the reference kernel has
  std::map<std::string, std::size_t> words;  ///< "pass", "leak as expected": of the tests
};

struct Digest {
  RunData data;
  std::vector<NotBuilt> not_built;
  std::vector<LostGuest> lost_guests;
  std::vector<Finding> findings;
  std::vector<Change> changes;
  std::vector<NotCompared> not_compared;
  bool compared = false;  ///< there is a base and a tip
  Counts counts;

  /// The result of the run, as in the exit code, if it has ended.
  enum class Result { all_expected, not_expected, not_built, harness, interrupted, running };
  Result result = Result::running;
  /// What is wrong in a few words: "2 leaks in bio/dio_faults", "patch 2 does not build; 1 more".
  std::string headline() const;
};

/// Owns the data: the pointers of the digest point into it.
std::unique_ptr<const Digest> digest(RunData data);

}  // namespace pinrig::report
