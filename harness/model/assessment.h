// SPDX-License-Identifier: GPL-2.0
// Whether what was seen is as expected. Verdicts are facts; an assessment is made over a whole run, from
// the expectation files, and can be made again at any time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/verdict.h"

namespace pinrig::model {

/// The rule that decided. Those up to `consequence` are fine, those after it are not.
enum class Rule {
  fine,           ///< a pass, a skip or an xfail of the test's own, and no other rule applies
  expectation,    ///< as the run or the series says
  allowed_skip,   ///< configs/expectations lists it
  known_issue,    ///< configs/known-issues has it
  issue_fixed,    ///< a known issue of the base that a patched kernel does not show
  compared,       ///< no worse than the base, on one that configs/expectations does not cover
  allowed_splat,  ///< only reports of the kernel speak against it, and configs/policy allows them
  consequence,    ///< follows from another row that is explained: a case lost in a known crash
  failure,        ///< a failure, and no rule expects it
  otherwise,      ///< an expectation names other verdicts
  unlisted_skip,  ///< a skip not allowed by the configs/expectations that cover the kernel
  lost,           ///< passes on the reference kernel and is skipped, an xfail or gone here
  issue_worse,    ///< a known issue, but more than the reference kernel or its `pages:` allow
  issue_gone,     ///< a known issue that is no longer seen on an unpatched kernel
  differs,        ///< not as on the reference kernel, where nothing may change (`expect: same`)
  denied_splat    ///< a report of the kernel that configs/policy denies, whatever else explains the row
};
const char* to_string(Rule rule);  ///< "known_issue"
std::optional<Rule> rule_from_string(const std::string&);
inline bool is_expected(Rule rule) { return rule <= Rule::consequence; }

struct Assessment {
  Rule rule = Rule::fine;
  std::string reason;     ///< for people: of the expectation, the issue or the listed skip; why it is a loss
  std::string reference;  ///< name of the known issue, id of the kernel it was compared with; may be empty

  bool expected() const { return is_expected(rule); }
};

/// What was seen, and its assessment once the run was assessed.
struct AssessedResult {
  TestResult result;
  std::optional<Assessment> assessment;  ///< nothing: the run has not been assessed

  const TestVerdict& verdict() const { return result.verdict; }
  /// Nothing speaks against it: what has not been assessed is not "not as expected" either.
  bool expected() const { return !assessment || assessment->expected(); }
};

/// A test or case that the reference kernel has and this one has not.
struct LostRow {
  std::string test;
  std::string case_name;  ///< empty: the test itself
  Verdict before = Verdict::pass;
  std::string reference;  ///< id of the kernel that has it
};

/// What an assessment says of the rows of one guest, in their order.
struct GuestAssessment {
  std::string guest_id;
  std::vector<Assessment> rows;
};

struct KernelAssessment {
  std::string kernel_id;
  std::vector<GuestAssessment> guests;
  std::vector<std::string> unmet;  ///< required expectations without a test, capabilities that differ, ...
  std::vector<std::string> known;  ///< known issues that were seen, or are missing, one line each
  std::vector<LostRow> lost;
};

}  // namespace pinrig::model
