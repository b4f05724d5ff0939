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
/// "state": "unfinished", "error": why; no kernels.
std::string unfinished_json(const Unfinished& u);
/// A report without anything in it: a run that did not begin says nothing about a kernel.
std::string unfinished_kcidb(const Unfinished& u);
/// One test "run" with the status "other".
std::string unfinished_ctrf(const Unfinished& u);
std::string unfinished_github(const Unfinished& u);
std::string unfinished_annotations(const Unfinished& u);
/// The exit code alone.
std::string unfinished_metrics(const Unfinished& u);

}  // namespace pinrig::report
