// SPDX-License-Identifier: GPL-2.0
#include "coverage/coverage.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"

namespace pinrig::coverage {
namespace {

FileLines lines_of_series(const RunCoverage& run) {
  FileLines out;
  for (const auto& p : run.patches) add(out, p.lines);
  return out;
}

/// Tests of one kernel, with the lines that count to choose among them.
using Runners = std::vector<TestLines>;

FileLines ran_by_all(const Runners& tests) {
  if (tests.size() < 2) return {};
  FileLines out = tests.front().ran;
  for (const auto& t : tests) out = common(out, t.ran);
  return out;
}

std::set<std::string> choose(const std::vector<Runners>& kernels) {
  std::set<std::string> out;
  std::set<std::string> with_common;
  for (const auto& tests : kernels) {
    const FileLines all = ran_by_all(tests);
    for (const auto& t : tests) {
      if (!t.ran.empty()) with_common.insert(t.test);
      if (!without(t.ran, all).empty()) out.insert(t.test);
    }
  }
  return out.empty() ? with_common : out;
}

/// Those of `places` that have code, or what is nearest to them.
Lines with_code(const Lines& places, const Lines& code) {
  constexpr int near = 20;  // lines: a function or so
  Lines out;
  for (const int n : places) {
    auto after = code.lower_bound(n);
    if (after != code.end() && *after == n) {
      out.insert(n);
      continue;
    }
    if (after != code.end() && *after <= n + near) out.insert(*after);
    if (after != code.begin() && *--after >= n - near) out.insert(*after);
  }
  return out;
}

FileLines in_base(const FileLines& lines, const RunCoverage& run) {
  FileLines out;
  for (const auto& [file, of_file] : lines) {
    const auto kept = run.kept.find(file);
    if (kept == run.kept.end()) continue;
    if (auto base = to_base(of_file, kept->second); !base.empty()) out.emplace(file, std::move(base));
  }
  return out;
}

/// "block/bio.c:1230" and so on, with the tests that ran it.
using TestsOfLine = std::map<std::pair<std::string, int>, std::vector<std::string>>;

TestsOfLine tests_of_lines(const FileLines& code, const KernelLines& kernel) {
  TestsOfLine out;
  for (const auto& [file, lines] : code) {
    for (const int n : lines) out[{file, n}];
  }
  for (const auto& t : kernel.tests) {
    for (const auto& [file, lines] : common(code, t.ran)) {
      for (const int n : lines) out[{file, n}].push_back(t.test);
    }
  }
  return out;
}

std::set<std::string> with_not_counted(std::set<std::string> tests, const RunCoverage& run) {
  for (const auto& kernel : run.kernels) {
    for (const auto& [test, why] : kernel.not_counted) tests.insert(test);
  }
  return tests;
}

}  // namespace

std::vector<PatchCoverage> patch_coverage(const RunCoverage& run, const KernelLines& kernel) {
  std::vector<PatchCoverage> out;
  for (const auto& p : run.patches) {
    PatchCoverage c;
    c.number = p.number;
    c.subject = p.subject;
    const FileLines code = common(p.lines, kernel.code);
    for (const auto& t : kernel.tests) {
      const FileLines ran = common(code, t.ran);
      if (ran.empty()) continue;
      add(c.ran, ran);
      c.tests.push_back(t.test);
    }
    c.never = without(code, c.ran);
    for (const auto& file : p.files) {
      if (std::find(kernel.unbuilt.begin(), kernel.unbuilt.end(), file) != kernel.unbuilt.end())
        c.unbuilt.push_back(file);
    }
    out.push_back(std::move(c));
  }
  return out;
}

std::string to_words(const PatchCoverage& p) {
  const std::size_t ran = count(p.ran);
  const std::size_t all = ran + count(p.never);
  std::string out;
  if (all == 0)
    out += "no changed line has code in the objects of this series";
  else if (ran == 0)
    out += fmt::format("none of {} ran", count_of(all, "changed line"));
  else
    out += fmt::format("{} of {} ran in {}", ran, count_of(all, "changed line"),
                       count_of(p.tests.size(), "test"));
  if (!p.never.empty()) out += "; never: " + to_text(p.never);
  if (!p.unbuilt.empty()) out += "; not built: " + join(p.unbuilt, " ");
  return out;
}

std::string to_text(const PatchCoverage& p) { return fmt::format("patch {}: {}", p.number, to_words(p)); }

PatchCoverage sum(const std::vector<PatchCoverage>& patches) {
  PatchCoverage out;
  std::set<std::string> tests;
  std::set<std::string> unbuilt;
  for (const auto& p : patches) {
    add(out.ran, p.ran);
    add(out.never, p.never);
    tests.insert(p.tests.begin(), p.tests.end());
    unbuilt.insert(p.unbuilt.begin(), p.unbuilt.end());
  }
  out.tests.assign(tests.begin(), tests.end());
  out.unbuilt.assign(unbuilt.begin(), unbuilt.end());
  return out;
}

std::vector<LinesRun> line_table(const RunCoverage& run, const KernelLines& kernel, int patch) {
  std::map<std::vector<std::string>, FileLines> groups;
  for (const auto& p : run.patches) {
    if (p.number != patch) continue;
    for (const auto& [at, tests] : tests_of_lines(common(p.lines, kernel.code), kernel))
      groups[tests][at.first].insert(at.second);
  }
  std::vector<LinesRun> out;
  for (const auto& [tests, lines] : groups) out.push_back({lines, tests});
  std::sort(out.begin(), out.end(), [](const LinesRun& a, const LinesRun& b) {
    return std::pair(a.tests.empty(), a.lines) < std::pair(b.tests.empty(), b.lines);
  });
  return out;
}

std::string to_text(const LinesRun& l) {
  return to_text(l.lines) + "  " + (l.tests.empty() ? "never" : join(l.tests, " "));
}

std::set<std::string> touching_tests(const RunCoverage& run) {
  const FileLines changed = lines_of_series(run);
  std::vector<Runners> kernels;
  for (const auto& kernel : run.kernels) {
    auto& tests = kernels.emplace_back();
    for (const auto& t : kernel.tests) tests.push_back({t.test, common(changed, t.ran)});
  }
  return with_not_counted(choose(kernels), run);
}

std::set<std::string> tests_at(const RunCoverage& run, const FileLines& places) {
  std::vector<Runners> kernels;
  for (const auto& kernel : run.kernels) {
    FileLines asked;
    const FileLines code = in_base(kernel.code, run);
    for (const auto& [file, of_file] : places) {
      if (const auto found = code.find(file); found != code.end())
        asked[file] = with_code(of_file, found->second);
    }
    auto& tests = kernels.emplace_back();
    for (const auto& t : kernel.tests) tests.push_back({t.test, common(asked, in_base(t.ran, run))});
  }
  return with_not_counted(choose(kernels), run);
}

std::set<std::string> measured_tests(const RunCoverage& run) {
  std::set<std::string> out;
  for (const auto& kernel : run.kernels) {
    for (const auto& t : kernel.tests) out.insert(t.test);
  }
  return with_not_counted(std::move(out), run);
}

bool same_series(const RunCoverage& run, const std::vector<std::string>& patch_ids) {
  return std::equal(run.patches.begin(), run.patches.end(), patch_ids.begin(), patch_ids.end(),
                    [](const Patch& p, const std::string& id) { return p.patch_id == id; });
}

}  // namespace pinrig::coverage
