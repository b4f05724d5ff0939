// SPDX-License-Identifier: GPL-2.0
// What the project ships has to fit together: runs, fragments, suites, mutants, expectations.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "kbuild/configure.h"
#include "plan/plan.h"
#include "spec/spec.h"

namespace pinrig::run {
namespace {

/// Symbols that the fragments of a run ask for, on one architecture and one kernel at least.
std::set<std::string> asked_for(const fs::path& project, const model::RunSpec& run) {
  std::set<std::string> out;
  for (const auto arch : run.archs) {
    for (const auto& config : run.configs) {
      for (const char* version : {"5.10", "6.12", "7.3"}) {
        const auto request = kbuild::load_request(project, config.fragments, arch, version);
        EXPECT_FALSE(request.has_error());
        if (request.has_error()) continue;
        for (const auto& [symbol, wanted] : *request) out.insert(symbol);
      }
    }
  }
  return out;
}

// A symbol with a slip of the pen would be a skip on every kernel, and a foreseen one.
TEST(Shipped, ARunThatTakesATestAsksForEverySymbolThatItNeeds) {
  const fs::path project = PINRIG_SOURCE_DIR;
  auto suites = spec::load_all_suites(project);
  ASSERT_FALSE(suites.has_error());
  std::set<std::string> served;
  for (const auto& file : fs::directory_iterator(project / "configs/runs")) {
    auto run = spec::load_run(project, file.path().stem());
    ASSERT_FALSE(run.has_error());
    const auto asked = asked_for(project, *run);
    // What runs only when it is named is named beside full.
    if (run->name == "full")
      run->suites.insert(run->suites.begin(), {"mm/migration", "mm/cow_sizes", "mm/gup_longterm_sizes"});
    auto tests = plan::select_tests(*run, *suites);
    ASSERT_FALSE(tests.has_error()) << tests.error().message;
    for (const auto& t : *tests) {
      if (std::ranges::all_of(t.needs.symbols, [&](const auto& symbol) { return asked.contains(symbol); }))
        served.insert(t.name);
    }
  }
  for (const auto& suite : *suites) {
    for (const auto& t : suite.tests)
      EXPECT_TRUE(served.contains(t.name)) << t.name << ": no run takes it and asks for all its symbols";
  }
}

TEST(Shipped, EveryRunCanBeDebugged) {
  const fs::path project = PINRIG_SOURCE_DIR;
  for (const auto& file : fs::directory_iterator(project / "configs/runs")) {
    auto run = spec::load_run(project, file.path().stem());
    ASSERT_FALSE(run.has_error());
    for (auto& config : run->configs) config = plan::debug_config(config, true);
    const auto asked = asked_for(project, *run);
    EXPECT_TRUE(asked.contains("PAGE_OWNER") && asked.contains("DEBUG_INFO_BTF")) << run->name;
  }
}

TEST(Shipped, EveryProofNamesAMutantThatIsThere) {
  const fs::path project = PINRIG_SOURCE_DIR;
  auto suites = spec::load_all_suites(project);
  ASSERT_FALSE(suites.has_error());
  for (const auto& suite : *suites) {
    for (const auto& t : suite.tests) {
      for (const auto& proof : t.proofs) {
        if (proof.mutant.empty()) continue;
        const fs::path file = project / "kernels/mutants" / proof.mutant / "series.yaml";
        EXPECT_FALSE(spec::load_series(project, file.string()).has_error())
            << to_string(proof.where) << ": " << proof.mutant;
      }
    }
  }
}

// That none takes a pass as well as a failure is the loader's business.
TEST(Shipped, ExpectationsOfSeriesAndRunsAreAccepted) {
  const fs::path project = PINRIG_SOURCE_DIR;
  int seen = 0;
  for (const char* folder : {"kernels/series", "kernels/mutants"}) {
    for (const auto& e : fs::directory_iterator(project / folder)) {
      if (!e.is_directory()) continue;
      const auto series = spec::load_series(project, (e.path() / "series.yaml").string());
      ASSERT_FALSE(series.has_error()) << series.error().message;
      seen += static_cast<int>(series->expect.size());
    }
  }
  for (const auto& file : fs::directory_iterator(project / "configs/runs")) {
    const auto run = spec::load_run(project, file.path().stem());
    ASSERT_FALSE(run.has_error()) << run.error().message;
  }
  EXPECT_GT(seen, 3);
}

}  // namespace
}  // namespace pinrig::run
