// SPDX-License-Identifier: GPL-2.0
// What is known of kernels beforehand: what they have to be able to do, what may be skipped on them, and
// which of their faults are known.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "model/kernel.h"

namespace pinrig::model {

/// Some kernels. An empty part says nothing; what is said has to hold all at once.
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
  bool sometimes = false;            ///< it may also pass: a skip on one kernel only is no loss
  std::string reason;
};

/// configs/expectations/NAME.yaml
struct Requirements {
  std::string name;
  KernelRange range;
  std::map<std::string, std::string> capabilities;  ///< required values
  std::vector<AllowedSkip> skips;                   ///< every other skip is unexpected
};

/// configs/known-issues/NAME.yaml: a fault that some kernels have and that nobody has to be told of again.
/// The test that owns a known case is known with it, as far as `seen` and `pages` go.
struct KnownIssue {
  std::string name;
  std::vector<std::string> tests;  ///< globs over "suite/test:case"; "suite/test:" is the test's own row
  KernelRange range;
  std::vector<std::string> without;  ///< only on kernels that lack one of these symbols; empty = on all
  std::vector<Verdict> seen;         ///< what it looks like; never error or missing
  std::int64_t pages = 0;            ///< most base pages that a test may leave pinned by it; 0 = none
  bool sometimes = false;            ///< not in every run: its absence says nothing
  std::string reason;
  std::string reference;
};

}  // namespace pinrig::model
