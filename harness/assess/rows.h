// SPDX-License-Identifier: GPL-2.0
// The rows of a kernel while they are assessed. Private to assess.
#pragma once

#include <string>
#include <vector>

#include "assess/assess.h"

namespace pinrig::assess {

struct Row {
  const model::TestResult* seen = nullptr;
  model::Assessment* says = nullptr;
  bool decided = false;  ///< an expectation of the run or the series is about it

  model::Verdict verdict() const { return seen->verdict.verdict; }
  bool is_test() const { return seen->verdict.case_name.empty(); }
  bool expected() const { return says->expected(); }
  std::string name() const;  ///< "suite/test" or "suite/test:case"
  void set(model::Rule rule, std::string reason = {}, std::string reference = {});
};
using Rows = std::vector<Row>;

/// A test row and its cases, which follow it.
struct Block {
  Rows::iterator test;
  Rows::iterator end;
};
std::vector<Block> blocks_of(Rows& rows);

bool fine_by_itself(model::Verdict v);  ///< pass, skip, xfail

/// Does everything that speaks against a row have a verdict of the list? Of a test that has no end (crash,
/// timeout, error) its verdict alone: the rest follows from that.
bool all_allowed(const std::vector<model::Verdict>& list, const model::TestVerdict& row);

/// Does a pattern cover a row? One with ':' is about cases ("suite/test:" is the test's own row), one without
/// about a test; with `and_cases` also about all of its cases.
bool covers(const std::string& glob, const model::TestVerdict& row, bool and_cases);

/// Expectations (expect.cc): sets fine, failure, expectation, otherwise, consequence.
void apply_expectations(Rows& rows, const std::vector<model::Expectation>& here);
/// Those about this kernel.
std::vector<model::Expectation> expectations_for(const Rulebook& rules, const KernelFacts& kernel);
/// Required ones about tests of this kernel, or about no test at all, of which none was judged; one line
/// each.
std::vector<std::string> unmet_expectations(const Rows& rows, const std::vector<model::Expectation>& here,
                                            const KernelFacts& kernel, const Rulebook& rules);

/// What the files say about one kernel (known.cc).
struct Knowledge {
  std::map<std::string, std::string> capabilities;  ///< required
  bool covered = false;  ///< by some file: a skip has to be listed, a capability to be required
  std::vector<model::AllowedSkip> skips;
  std::vector<model::KnownIssue> issues;
  std::vector<model::KnownIssue> expired;  ///< explain nothing any more
};
Knowledge knowledge_of(const Rulebook& rules, const KernelFacts& kernel);
void judge_skips(Rows& rows, const Knowledge& known);
/// `reference`: the rows of the base, nullptr where there is none. Returns a line for each issue that was
/// seen, or missing.
std::vector<std::string> apply_known_issues(Rows& rows, const Knowledge& known, bool patched,
                                            const KernelFacts* reference);

/// The policy on reports of the kernel (splats.cc): sets allowed_splat where nothing else speaks against a
/// row. Returns a line for each entry that was used.
std::vector<std::string> allow_splats(Rows& rows, const Rulebook& rules, const KernelFacts& kernel);
/// Sets denied_splat, whatever the row is so far.
void deny_splats(Rows& rows, const Rulebook& rules, const KernelFacts& kernel);
/// Entries about kernels of the run that expired, or that fit no report of it: one line each.
std::vector<std::string> idle_splat_rules(const std::vector<KernelFacts>& run, const Rulebook& rules);

/// On a base that no file covers (unknown_base.cc): sets compared for failures of a base that has patched
/// kernels in the run, and for those of a patched kernel that its base has as well and no less bad. Of a base
/// on which more than a quarter of the tests fail `out.unmet` says so.
void judge_by_comparison(Rows& rows, const KernelFacts& kernel, const std::vector<KernelFacts>& run,
                         model::KernelAssessment& out);

/// `expect: same` (same.cc). Sets differs where an expected row that no expectation is about is not as on the
/// reference: verdict, kind of claim, and pins. Pins are those acquired and released and the pages claimed;
/// of a test whose number of pages varies (claim "at least", pins_vary), only whether it pins any, and what
/// stays. Rows that only the reference has are added to `out.lost`. What comes and goes (`sometimes: true`)
/// may differ.
void find_differences(Rows& rows, const Knowledge& known, const KernelFacts& reference, const Rulebook& rules,
                      const std::vector<model::Expectation>& here, model::KernelAssessment& out);

/// Capabilities that are not as required, one line each; unreported ones count if `complete`.
std::vector<std::string> check_capabilities(const std::map<std::string, std::string>& required,
                                            const std::map<std::string, std::string>& found, bool complete);
/// Everything about capabilities that is not as expected, one line each: not as required, reported but
/// required by no file that covers the kernel, different in two guests; on a kernel that no file covers,
/// changed since `reference` (nullptr: there is none) other than to "pin".
std::vector<std::string> unmet_capabilities(const KernelFacts& kernel, const Knowledge& known,
                                            const Rulebook& rules, const KernelFacts* reference);

}  // namespace pinrig::assess
