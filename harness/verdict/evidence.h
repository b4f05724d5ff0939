// SPDX-License-Identifier: GPL-2.0
// The evidence for a verdict: every rule adds its reasons, and the worst one determines the verdict.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/suite.h"
#include "model/verdict.h"

namespace pinrig::verdict {

class Evidence {
 public:
  /// A reason against a pass. `line` counts in the test's output, 0 = none.
  void against(model::Verdict verdict, std::string why, int line = 0);
  /// The same for a reason that is about cases, which have rows of their own.
  void cases_against(model::Verdict verdict, std::string why, int line = 0);
  /// A report of the kernel; `verdict` pass: it counts for nothing, unless the policy denies it.
  void splat(const model::KernelEvent& event, model::Verdict verdict, std::string why);
  /// Reported with the verdict, without changing it.
  void note(std::string text) { notes_.push_back(std::move(text)); }
  /// Nothing was tested, for this reason: the verdict is skip unless there is a reason against it.
  void skipped(std::string why);
  bool is_skip() const { return skip_; }
  bool has_reason() const { return !reasons_.empty(); }

  /// The worst reason by model::rank(); none: pass or skip. detail: the reasons, worst first, then the notes.
  void fold_into(model::TestVerdict& out) const;

 private:
  struct Reason {
    model::Verdict verdict;
    std::string why;
    int line;
    bool of_cases = false;
    bool of_kernel = false;
  };
  std::vector<Reason> reasons_;
  std::vector<model::Splat> splats_;
  std::vector<std::string> notes_;
  std::string skip_reason_;
  bool skip_ = false;
};

/// How the output of a test was read: cases, their verdicts and numbers.
struct Reading {
  std::vector<model::TestVerdict> cases;
  std::map<std::string, double> numbers;
  std::vector<std::string> diagnostics;  ///< of the test as a whole
  std::string running;                   ///< the case that ran when the test ended; empty: none, or unknown
};

/// "# running NAME": the library of our tests says which case begins.
inline constexpr std::string_view running_mark = "# running ";
/// "# expects kernel: TEXT": the test provokes a report of the kernel.
inline constexpr std::string_view announcement_mark = "# expects kernel";

/// Bounds of TestVerdict::diagnostics.
inline constexpr std::size_t diagnostic_lines = 20;
inline constexpr std::size_t diagnostic_bytes = 300;
/// What a test printed that belongs to no case, and the end of its stderr, within those bounds.
std::vector<std::string> diagnostics_of(const Reading& reading, const model::TestRecord& record);

/// Rules on the output, by the format the suite states (output.cc and gup_output.cc).
Reading judge_output(const model::TestSpec& spec, const model::TestRecord& record, Evidence& evidence);
Reading judge_gup_test(const model::TestRecord& record, Evidence& evidence);
/// What is known about the guest's pins when a test begins.
struct Pins {
  bool counters = false;    ///< the kernel counts them
  std::int64_t owed = 0;    ///< pages that earlier tests left pinned and were judged for
  bool all_failed = false;  ///< every case of the test failed
};
/// Rules on the pin ledger and the claim (ledger.cc).
void judge_ledger(const model::TestSpec& spec, const model::TestRecord& record, const Pins& pins,
                  Evidence& evidence);
/// Rules on kernel messages during the test, and on taint (kernel_log.cc).
void judge_kernel(const model::TestRecord& record, const std::vector<model::KernelEvent>& events,
                  Evidence& evidence);
/// The same for taint that came before the first test of a guest or between two tests, without an event of a
/// kind that causes it.
void judge_between(const std::vector<model::TestRecord>& records,
                   const std::vector<model::KernelEvent>& events, Evidence& evidence);
/// Verdict for one event of the console: pass means "not reported" (page_dump).
model::Verdict event_verdict(const model::KernelEvent& event);
/// "TITLE (console line N, M times)".
std::string event_text(const model::KernelEvent& event);
/// The text after `mark` on the lines of an output that begin with it.
std::vector<std::string_view> marked_lines(std::string_view output, std::string_view mark);
/// "# capability NAME VALUE" lines of an output, in order, also of one name more than once.
std::vector<std::pair<std::string, std::string>> capability_lines(const std::string& output);
/// Last line with text in it, at most 200 bytes: the last message of a program.
std::string last_words(const std::string& text);

}  // namespace pinrig::verdict
