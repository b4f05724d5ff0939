// SPDX-License-Identifier: GPL-2.0
// Patch coverage, from a kernel that counts to the tests that the next run chooses.
#include "pipeline.h"

namespace pinrig::integration {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

class Coverage : public testing::Test {
 protected:
  /// The tip of demo-leak with the tests of its lines and one of others; the JSON of the run goes to json_.
  Ran run_tip(const std::vector<std::string>& more) {
    std::vector<std::string> args{"run", "--series", "demo-leak", "--point", "tip", "--arch", "aarch64"};
    for (const char* test : {"pins/selfcheck", "bio/dio_rw", "bio/dio_fork"})
      args.insert(args.end(), {"--test", test});
    args.insert(args.end(), {"--json", (box_.root() / "run.json").string()});
    args.insert(args.end(), more.begin(), more.end());
    const Ran ran = box_.pinrig(args);
    json_ = read_json(box_.root() / "run.json");
    return ran;
  }

  WarmSandbox box_;
  nlohmann::json json_;
};

TEST_F(Coverage, SaysWhichLinesRanAndTheNextRunTakesTheirTests) {
  const Ran counted = run_tip({"--coverage"});
  EXPECT_EQ(counted.code, 0) << counted;
  EXPECT_THAT(counted.out, AllOf(HasSubstr("patch 1: 2 of 2 changed lines ran in 2 tests"),
                                 HasSubstr("patch 2: 3 of 3 changed lines ran in 2 tests")));
  const auto kernel = kernel_of(json_, "tip-aarch64-coverage");
  EXPECT_THAT(kernel.value("not_counted", nlohmann::json::array({"no such key"})), IsEmpty());
  ASSERT_EQ(kernel.value("patches", nlohmann::json::array()).size(), 2U);
  EXPECT_EQ(kernel["patches"][1]["tests"].dump(), R"(["bio/dio_rw","bio/dio_fork"])");

  const Ran touched = run_tip({"--test", "touched"});
  EXPECT_EQ(touched.code, 0) << touched;
  EXPECT_THAT(touched.err, HasSubstr("2 of 3 tests run lines of this series"));
  const auto tests = guest_of(json_, "tip-aarch64")["tests"];
  ASSERT_EQ(tests.size(), 2U) << tests.dump();
  EXPECT_EQ(tests[0].value("name", ""), "bio/dio_rw");
  EXPECT_EQ(tests[1].value("name", ""), "bio/dio_fork");
}

}  // namespace
}  // namespace pinrig::integration
