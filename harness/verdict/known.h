// SPDX-License-Identifier: GPL-2.0
// Verdicts beside what is known of a kernel beforehand. Pure.
#pragma once

#include <string>
#include <vector>

#include "model/known.h"

namespace pinrig::verdict {

/// What is known of one kernel, picked from the files.
struct Knowledge {
  std::map<std::string, std::string> capabilities;  ///< that it has to have
  bool lists_skips = false;  ///< some file covers it: what it does not list is no good skip
  std::vector<model::AllowedSkip> skips;
  std::vector<model::KnownIssue> issues;
};
/// The kernel that something is to be known of.
struct Subject {
  std::string base;
  std::string version;
  model::Arch arch = model::Arch::x86_64;
  std::map<std::string, std::string> config;  ///< its .config: symbol to value
};
Knowledge knowledge_of(const std::vector<model::Requirements>& requirements,
                       const std::vector<model::KnownIssue>& issues, const Subject& kernel);

/// Makes skips unexpected that nobody foresaw: neither the harness, nor the run or series (they have an
/// expectation by then), nor the files. A test all of whose cases are skipped with leave is skipped with
/// leave. Returns how many.
int judge_skips(std::vector<model::TestVerdict>& verdicts, const Knowledge& known);

/// Turns what is known into xfail. An issue whose tests were judged and did not show it is fixed, which is a
/// surprise (xpass) unless the kernel is patched. Returns a line for each issue that was met or is missed.
std::vector<std::string> apply_known_issues(std::vector<model::TestVerdict>& verdicts, const Knowledge& known,
                                            bool patched);

/// What the expectation of a verdict begins with that is a known issue.
inline constexpr const char* known_issue_mark = "known issue ";

}  // namespace pinrig::verdict
