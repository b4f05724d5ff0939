// SPDX-License-Identifier: GPL-2.0
#include "plan/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinrig::plan {
namespace {

using ::testing::HasSubstr;

std::vector<model::Suite> suites() {
  model::TestSpec all;
  all.name = "stress/all";
  all.env = {{"SECONDS", "10"}, {"SEED", "1"}};
  all.limit_s = 60;
  all.limit_plus = "SECONDS";
  all.where = {"guest-tests/stress/suite.yaml", 7, 5};
  model::TestSpec other;
  other.name = "stress/unplug_inflight";
  return {{"stress", "", {all, other}}};
}

TEST(Environment, LaterValuesTakeThePlaceOfEarlierOnes) {
  auto s = suites();
  ASSERT_TRUE(add_environment(s, {{"stress/all", {{"SEED", "7"}, {"MORE", "x"}}, {}},
                                  {"stress/all", {{"SEED", "8"}}, {}}})
                  .has_value());
  const std::map<std::string, std::string> want{{"SECONDS", "10"}, {"SEED", "8"}, {"MORE", "x"}};
  EXPECT_EQ(s[0].tests[0].env, want);
  EXPECT_TRUE(s[0].tests[1].env.empty());
}

TEST(Environment, ATestThatIsNotThereNamesTheNearest) {
  auto s = suites();
  const auto in_file = add_environment(s, {{"stress/al", {}, {"configs/runs/x.yaml", 9, 3}}});
  ASSERT_TRUE(in_file.has_error());
  EXPECT_EQ(in_file.error().kind, ErrorKind::bad_input);
  EXPECT_EQ(in_file.error().message,
            "configs/runs/x.yaml:9:3: env: 'stress/al': no such test; did you mean 'stress/all'?");
  EXPECT_EQ(add_environment(s, {{"zzz", {}, {}}}).error().message, "--env zzz: no such test");
}

TEST(Environment, WhatTheProofOfATestSetsIsAFault) {
  auto s = suites();
  s[0].tests[1].proofs.resize(1);
  s[0].tests[1].proofs[0].env = {{"PINRIG_CAPABILITIES", "dio.bdev=pin"}};
  EXPECT_TRUE(injects_faults(s, {{"stress/all", {{"SEED", "7"}}, {}},
                                 {"stress/unplug_inflight", {{"PINRIG_CAPABILITIES", "x=y"}}, {}}}));
  EXPECT_FALSE(injects_faults(
      s, {{"stress/all", {{"SEED", "7"}}, {}}, {"stress/unplug_inflight", {{"OTHER", "1"}}, {}}}))
      << "a choice";
  EXPECT_FALSE(injects_faults(s, {}));
}

TEST(Environment, TheChosenTimeIsAddedToTheLimit) {
  auto s = suites();
  ASSERT_TRUE(add_environment(s, {{"stress/all", {{"SECONDS", "2.5"}}, {}}}).has_value());
  ASSERT_TRUE(extend_limits(s).has_value());
  EXPECT_DOUBLE_EQ(s[0].tests[0].limit_s, 62.5);
  EXPECT_DOUBLE_EQ(s[0].tests[1].limit_s, 30);
}

TEST(Environment, WhatIsNoTimeIsToldBeforeAnythingStarts) {
  for (const char* value : {"", "-1", "1e3", "10s", "nan", "86401"}) {
    auto s = suites();
    s[0].tests[0].env["SECONDS"] = value;
    const auto r = extend_limits(s);
    ASSERT_TRUE(r.has_error()) << value;
    EXPECT_EQ(r.error().kind, ErrorKind::bad_input);
    EXPECT_THAT(r.error().message, HasSubstr("suite.yaml:7:5: test stress/all: SECONDS=" +
                                             std::string(value) + " is not a number of seconds"));
  }
}

TEST(MakeQuick, OnlyTestsWithASmallerChoiceChange) {
  model::Suite s;
  s.tests.resize(2);
  s.tests[0].args = {"a", "b"};
  s.tests[0].quick_args = {"a"};
  s.tests[1].args = {"ext4"};
  std::vector<model::Suite> all{s};
  make_quick(all);
  EXPECT_EQ(all[0].tests[0].args, std::vector<std::string>{"a"});
  EXPECT_EQ(all[0].tests[1].args, std::vector<std::string>{"ext4"});
}

}  // namespace
}  // namespace pinrig::plan
