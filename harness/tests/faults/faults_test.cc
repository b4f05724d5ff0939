// SPDX-License-Identifier: GPL-2.0
// Executes the table. `faults_test --table` prints it as Markdown.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <iterator>
#include <ostream>
#include <set>

#include "fault.h"

namespace pinrig::faults {

void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.injected; }

namespace {

Faults all_faults() {
  Faults all;
  for (const auto& rows : {results_faults(), control_faults(), output_faults(), qemu_faults(), disk_faults(),
                           artifact_faults(), lock_faults(), host_faults()})
    all.insert(all.end(), rows.begin(), rows.end());
  return all;
}

int survived = 0;
int executed = 0;

class EachFault : public testing::TestWithParam<Fault> {};

TEST_P(EachFault, Survives) {
  const Fault& fault = GetParam();
  SCOPED_TRACE(fault.injected + " | reported: " + fault.reported + " | survives: " + fault.survives);
  // Thousands of times something is synced.
  const bool in_memory = ::access("/dev/shm", W_OK | X_OK) == 0;
  auto dir = TempDir::create(in_memory ? fs::path("/dev/shm") : fs::temp_directory_path(), "fault-");
  ASSERT_TRUE(dir.has_value());
  fault.run(dir->path());
  if (IsSkipped()) return;
  ++executed;
  if (!HasFailure()) ++survived;
}

INSTANTIATE_TEST_SUITE_P(Table, EachFault, testing::ValuesIn(all_faults()),
                         [](const auto& row) { return row.param.name; });

// The number that README and the documents quote.
constexpr std::size_t least_rows = 80;

TEST(FaultTable, EveryRowSaysWhatItDoes) {
  std::set<std::string> names;
  for (const auto& fault : all_faults()) {
    EXPECT_TRUE(names.insert(fault.name).second) << fault.name << " is a duplicate";
    for (const auto& text : {fault.injected, fault.reported, fault.survives})
      EXPECT_FALSE(text.empty()) << fault.name;
  }
  EXPECT_GE(names.size(), least_rows);
}

// The number in the documents is that of the table.
TEST(FaultTable, TheDocumentsQuoteItsNumber) {
  const auto rows = all_faults().size();
  const std::string quote = fmt::format("survived {0} of {0}", rows);
  for (const char* file : {"README.md", "harness/docs/faults.md"}) {
    const auto text = read_file(fs::path(PINRIG_SOURCE_DIR) / file);
    ASSERT_TRUE(text.has_value()) << text.error().message;
    EXPECT_NE(text->find(quote), std::string::npos) << file << " does not say \"" << quote << "\"";
  }
}

class Summary : public testing::Environment {
  void TearDown() override {
    if (executed > 0) std::printf("survived %d of %d\n", survived, executed);
  }
};

const testing::Environment* const summary = testing::AddGlobalTestEnvironment(new Summary);

void print_table() {
  std::puts("| fault | injected | must be reported | must survive |\n|---|---|---|---|");
  for (const auto& f : all_faults())
    std::printf("| `%s` | %s | %s | %s |\n", f.name.c_str(), f.injected.c_str(), f.reported.c_str(),
                f.survives.c_str());
}

/// Before main(), which is that of all test programs.
__attribute__((constructor)) void maybe_print(int argc, char** argv, char**) {
  if (argc != 2 || std::strcmp(argv[1], "--table") != 0) return;
  print_table();
  std::fflush(stdout);
  _Exit(0);
}

}  // namespace
}  // namespace pinrig::faults
