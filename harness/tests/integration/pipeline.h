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

/// One kernel in a run's JSON; an empty object (and a failure) when there is none.
inline nlohmann::json kernel_of(const nlohmann::json& run, const std::string& id) {
  for (const auto& kernel : run.value("kernels", nlohmann::json::array())) {
    if (kernel.value("id", "") == id) return kernel;
  }
  ADD_FAILURE() << "no kernel " << id << " in the run";
  return nlohmann::json::object();
}

/// One guest in a run's JSON; that of a kernel's id is its main guest.
inline nlohmann::json guest_of(const nlohmann::json& run, const std::string& id) {
  for (const auto& kernel : run.value("kernels", nlohmann::json::array())) {
    for (const auto& guest : kernel.value("guests", nlohmann::json::array())) {
      if (guest.value("id", "") == id) return guest;
    }
  }
  ADD_FAILURE() << "no guest " << id << " in the run";
  return nlohmann::json::object();
}

/// One test of a guest.
inline nlohmann::json test_of(const nlohmann::json& guest, const std::string& name) {
  for (const auto& test : guest.value("tests", nlohmann::json::array())) {
    if (test.value("name", "") == name) return test;
  }
  ADD_FAILURE() << "no test " << name << " in " << guest.value("id", "?");
  return nlohmann::json::object();
}

inline std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << "'" << from << "' is not in the text";
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

}  // namespace pinrig::integration
