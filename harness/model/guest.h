// SPDX-License-Identifier: GPL-2.0
// What a run consists of: kernels, and below each the guests that its tests need. IDs are names for people
// and for folders; code never parses them.
#pragma once

#include <string>
#include <vector>

#include "model/suite.h"

namespace pinrig::model {

/// A virtual machine of one kernel and the tests that share it.
struct Guest {
  std::string id;      ///< "tip-x86_64", "tip-x86_64.2": unique in a run, a safe file name
  std::string reason;  ///< why these tests need a separate VM; empty for the kernel's main guest
  Machine machine;
  std::vector<TestSpec> tests;  ///< in running order
};

/// A point of the series on one architecture with one configuration: what is built once.
struct Kernel {
  std::string id;  ///< "tip-x86_64", or "tip-x86_64-debug" where a run has several configurations
  Point point;
  bool is_tip = false;  ///< the last patch of a series
  Arch arch = Arch::x86_64;
  KernelConfig config;
  std::vector<Guest> guests;  ///< the main one first
};

}  // namespace pinrig::model
