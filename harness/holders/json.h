// SPDX-License-Identifier: GPL-2.0
// Reports as JSON, and a run's list of them: holders.json in its folder. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "holders/text.h"

namespace pinrig::holders {

/// A report as a JSON object; report/README.md has the keys. `dir`: of the guest, whose console has the
/// trace.
std::string to_json(const Report& report, const std::string& dir);

/// What a run has of one of its tests.
struct Finding {
  std::string test;                ///< "bio/dio_rw"
  std::string kernel;              ///< id in the run
  std::string problem;             ///< why there is no report; empty: there is one
  std::vector<std::string> lines;  ///< summary()
  std::string file;                ///< holders.txt: all of it
  std::string report;              ///< to_json(); empty with a problem
};

std::string findings_to_json(const std::vector<Finding>& findings);
/// bad_input: not such a file.
Result<std::vector<Finding>> findings_from_json(std::string_view text);

}  // namespace pinrig::holders
