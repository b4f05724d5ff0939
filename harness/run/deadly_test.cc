// SPDX-License-Identifier: GPL-2.0
#include "run/deadly.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinrig::run {
namespace {

using model::Verdict;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class DeadlyTests : public ::testing::Test {
 protected:
  DeadlyTests() {
    in_.base.name = "debian-6.12";
    kernel_.point.version = "6.12.117";
    kernel_.arch = model::Arch::x86_64;
    for (const char* name : {"bio/a", "bio/b", "contract/c"}) tests_.emplace_back().name = name;
  }
  void know(const std::string& tests, Verdict seen, const std::string& until = "") {
    auto& issue = in_.known_issues.emplace_back();
    issue.tests = {tests};
    issue.seen = {seen};
    issue.range.until = until;
  }
  std::vector<std::string> deadly() const { return deadly_tests(in_, kernel_, tests_); }

  Inputs in_;
  model::Kernel kernel_;
  std::vector<model::TestSpec> tests_;
};

TEST_F(DeadlyTests, AreThoseWithAKnownCrash) {
  know("contract/c:move.*", Verdict::crash);
  know("bio/b", Verdict::leak);
  EXPECT_THAT(deadly(), ElementsAre("contract/c"));
}

TEST_F(DeadlyTests, AKnownIssueOfOtherKernelsSaysNothing) {
  know("bio/*", Verdict::timeout, "6.1");
  EXPECT_THAT(deadly(), IsEmpty());
  know("bio/*", Verdict::timeout, "6.12");
  EXPECT_THAT(deadly(), ElementsAre("bio/a", "bio/b"));
}

TEST_F(DeadlyTests, AnExpectedCrashCountsOnItsArchitecture) {
  model::Expectation e;
  e.tests = "bio/b:*";
  e.verdicts = {Verdict::pass, Verdict::crash};
  e.archs = {model::Arch::aarch64};
  in_.series.emplace().expect.push_back(e);
  EXPECT_THAT(deadly(), IsEmpty());
  kernel_.arch = model::Arch::aarch64;
  EXPECT_THAT(deadly(), ElementsAre("bio/b"));
}

}  // namespace
}  // namespace pinrig::run
