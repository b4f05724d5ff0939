// SPDX-License-Identifier: GPL-2.0
#include "run/deadly.h"

#include <algorithm>

#include "base/text.h"

namespace pinrig::run {
namespace {

using model::Verdict;

bool is_deadly(const std::vector<Verdict>& verdicts) {
  return std::any_of(verdicts.begin(), verdicts.end(),
                     [](Verdict v) { return v == Verdict::crash || v == Verdict::timeout; });
}

/// A pattern over "suite/test" or "suite/test:case", of which only the test counts here.
bool is_about(const std::string& glob, const std::string& test) {
  return glob_match(glob.substr(0, glob.find(':')), test);
}

bool expects(const std::vector<model::Expectation>& all, const model::Kernel& kernel,
             const std::string& test) {
  return std::any_of(all.begin(), all.end(), [&](const auto& e) {
    const bool here =
        e.archs.empty() || std::find(e.archs.begin(), e.archs.end(), kernel.arch) != e.archs.end();
    return here && is_deadly(e.verdicts) && is_about(e.tests, test);
  });
}

bool is_known(const Inputs& in, const model::Kernel& kernel, const std::string& test) {
  return std::any_of(in.known_issues.begin(), in.known_issues.end(), [&](const auto& issue) {
    return is_deadly(issue.seen) && issue.range.covers(in.base.name, kernel.point.version, kernel.arch) &&
           std::any_of(issue.tests.begin(), issue.tests.end(),
                       [&](const auto& glob) { return is_about(glob, test); });
  });
}

}  // namespace

std::vector<std::string> deadly_tests(const Inputs& in, const model::Kernel& kernel,
                                      const std::vector<model::TestSpec>& tests) {
  std::vector<std::string> out;
  for (const auto& t : tests) {
    if (is_known(in, kernel, t.name) || expects(in.spec.expect, kernel, t.name) ||
        (in.series && expects(in.series->expect, kernel, t.name)))
      out.push_back(t.name);
  }
  return out;
}

}  // namespace pinrig::run
