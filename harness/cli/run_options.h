// SPDX-License-Identifier: GPL-2.0
// The options that run, plan, build and boot have in common.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "run/inputs.h"

namespace pinrig::cli {

/// As typed.
struct RunWords {
  std::string spec = "default";
  std::string series;
  std::string base;
  std::vector<std::string> points;
  std::vector<std::string> archs;
  std::vector<std::string> tests;
  std::vector<std::string> env;
  std::string accel;
  int jobs = 0;  ///< 0 = one per CPU
};

void add_run_options(CLI::App& command, RunWords& words);
/// bad_usage for an unknown architecture or accelerator.
Result<run::RunOptions> to_options(const RunWords& words);
int jobs_of(const RunWords& words);

}  // namespace pinrig::cli
