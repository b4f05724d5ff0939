// SPDX-License-Identifier: GPL-2.0
// What is known about kernels in advance: required capabilities, allowed skips and known bugs.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "model/kernel.h"

namespace pinrig::model {

/// A set of kernels. An empty part does not restrict; all non-empty ones must match.
struct KernelRange {
  std::vector<std::string> bases;  ///< globs over names of kernels/
  std::string since;               ///< first version: "6.5"
  std::string until;               ///< last version: "6.1" covers every 6.1.N
  std::vector<Arch> archs;

  bool covers(const std::string& base, const std::string& version, Arch arch) const;
};

/// The sign of version - limit, by as many numbers as `limit` has: 6.1.192 against 6.1 is 0.
int compare_versions(const std::string& version, const std::string& limit);

/// Tests or cases that may be skipped.
struct AllowedSkip {
  std::string tests;  ///< glob over "suite/test" (with all its cases) or "suite/test:case"
  KernelRange range;
  std::vector<std::string> without;  ///< only on kernels that lack one of these symbols; empty = on all
  bool sometimes = false;            ///< it may also pass: a skip on one of two kernels is not a loss
  std::string reason;
};

/// configs/expectations/NAME.yaml
struct Requirements {
  std::string name;
  KernelRange range;
  std::vector<std::string> without;  ///< only kernels built without one of these; empty = all
  std::map<std::string, std::string>
      capabilities;                ///< required values; a later file's outrank an earlier one's
  std::vector<AllowedSkip> skips;  ///< every other skip is unexpected
};

/// configs/known-issues/NAME.yaml: a bug of some kernels that is not reported again. It also explains the
/// verdict of the test that owns a known case, within `seen` and `pages`.
struct KnownIssue {
  std::string name;
  std::vector<std::string> tests;  ///< globs over "suite/test:case"; "suite/test:" is the test's own row
  KernelRange range;
  std::vector<std::string> without;  ///< only on kernels that lack one of these symbols; empty = on all
  std::vector<Verdict> seen;         ///< verdicts that it causes; never error or missing
  std::int64_t pages = 0;            ///< most base pages that a test may leave pinned by it; 0 = none
  bool sometimes = false;            ///< not in every run: its absence means nothing
  std::string reason;
  std::string reference;
  std::string expires;  ///< last day on which it holds, "2027-03-01"; empty: it never expires
};

/// An entry of configs/policy/NAME.yaml: whether reports of the kernel count. The first entry that fits
/// decides; without one they count as their kind says.
struct SplatRule {
  std::string name;    ///< "NAME:LINE"
  bool allow = false;  ///< it does not count; else it is a failure that nothing else can explain
  std::string kind;    ///< one of event_kinds()
  std::string title;   ///< glob over KernelEvent::title; empty: any
  KernelRange range;
  std::string reason;
  std::string expires;  ///< last day on which it holds, "2027-03-01"; empty: it never expires
};

}  // namespace pinrig::model
