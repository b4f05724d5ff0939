// SPDX-License-Identifier: GPL-2.0
// The output files of a run without a result: not started, refused, or killed.
#pragma once

#include <string>

namespace pinrig::report {

struct Unfinished {
  std::string why = "the run did not finish: it is still running, or pinrig was killed";
  std::string hint;
  int exit_code = -1;  ///< -1: there is none
};

/// One test case "run" of the suite "pinrig", with an error.
std::string unfinished_junit(const Unfinished& u);
/// One result "run", not ok.
std::string unfinished_ktap(const Unfinished& u);
/// "state": "unfinished", "error": why; no jobs.
std::string unfinished_json(const Unfinished& u);

}  // namespace pinrig::report
