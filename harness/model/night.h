// SPDX-License-Identifier: GPL-2.0
// A night: which runs, in which order, until when (configs/nights/NAME.yaml).
#pragma once

#include <string>
#include <vector>

#include "model/kernel.h"
#include "model/suite.h"

namespace pinrig::model {

struct NightStep {
  enum class Kind { run, prove };
  std::string name;  ///< "full-6.1": of its log and in reports; unique in the night
  Kind kind = Kind::run;
  std::string spec;  ///< run file
  std::string base;  ///< empty: the run file's
  std::vector<Arch> archs;
  std::vector<std::string> tests;
  std::vector<TestEnv> env;
  std::vector<std::string> seeds;  ///< "SUITE/TEST:NAME": variables that get the night's seed
  std::string against;             ///< baseline of its delta; empty: the newest comparable run
  bool debug = false;              ///< kernels for debugging, as --debug
  SourceLocation where;
};

struct NightSpec {
  std::string name;
  std::string until;  ///< "06:30", UTC: nothing begins that would not end by then; empty: no such hour
  int hours = 12;     ///< and not longer than this
  int disk_mib = 0;   ///< free space without which nothing begins
  std::vector<NightStep> steps;
};

}  // namespace pinrig::model
