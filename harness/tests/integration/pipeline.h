// SPDX-License-Identifier: GPL-2.0
// What the tests with real kernels and guests have in common. They use the user's cache, so that kernels stay
// warm from one run to the next, and a state of their own.
#pragma once

#include <algorithm>

#include "base/paths.h"
#include "sandbox.h"

namespace pinrig::integration {

class WarmSandbox : public Sandbox {
 public:
  WarmSandbox() {
    const auto paths = find_paths();
    if (paths.has_value()) cache = paths->cache;
  }

  /// A series of our own beside the sandbox's other files: series.yaml and patches from `from`, a folder of
  /// kernels/series. Returns the path for --series.
  fs::path copy_series(const std::string& from) const {
    const fs::path to = root() / "series" / from;
    fs::create_directories(to.parent_path());
    fs::copy(project / "kernels/series" / from, to,
             fs::copy_options::recursive | fs::copy_options::overwrite_existing);
    return to / "series.yaml";
  }
};

/// The job of one cell in a run's JSON; a null value (and a failure) when there is none.
inline nlohmann::json job_of(const nlohmann::json& run, const std::string& cell) {
  for (const auto& job : run.value("jobs", nlohmann::json::array())) {
    if (job.value("cell", "") == cell) return job;
  }
  ADD_FAILURE() << "no cell " << cell << " in the run";
  return nlohmann::json::object();
}

/// One test (or one of its cases) of a job.
inline nlohmann::json test_of(const nlohmann::json& job, const std::string& name) {
  for (const auto& test : job.value("tests", nlohmann::json::array())) {
    if (test.value("name", "") == name) return test;
  }
  ADD_FAILURE() << "no test " << name << " in " << job.value("cell", "?");
  return nlohmann::json::object();
}

inline std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << "'" << from << "' is not in the text";
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

}  // namespace pinrig::integration
