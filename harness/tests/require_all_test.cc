// SPDX-License-Identifier: GPL-2.0
#include <gmock/gmock.h>

#include "process/process.h"

namespace pinrig {
namespace {

using testing::HasSubstr;
using testing::Not;

// Run by the tests below only, in a process of its own.
TEST(RequireAll, DISABLED_IsSkipped) { GTEST_SKIP() << "for want of a reason"; }

process::Finished skip_with(const std::string& require_all) {
  const CancelToken never;
  auto done = process::run({.argv = {"/proc/self/exe", "--gtest_also_run_disabled_tests",
                                     "--gtest_filter=RequireAll.DISABLED_IsSkipped"},
                            .env = {{"PINRIG_REQUIRE_ALL", require_all}}},
                           never);
  if (done.has_error()) ADD_FAILURE() << done.error().message;
  return done.has_error() ? process::Finished{} : *done;
}

TEST(RequireAll, MakesASkipAFailure) {
  const auto done = skip_with("1");
  EXPECT_EQ(process::to_string(done.status), "exit 1") << done.out;
  EXPECT_THAT(done.out, HasSubstr("[  FAILED  ] RequireAll.DISABLED_IsSkipped"));
  EXPECT_THAT(done.out, HasSubstr("does not allow: for want of a reason"));
  EXPECT_THAT(done.out, Not(HasSubstr("[  SKIPPED ]"))) << "ctest would call the test skipped, not failed";
}

TEST(RequireAll, IsOffUnlessAskedFor) {
  const auto done = skip_with("0");
  EXPECT_EQ(process::to_string(done.status), "exit 0") << done.out;
  EXPECT_THAT(done.out, HasSubstr("[  SKIPPED ] RequireAll.DISABLED_IsSkipped"));
}

}  // namespace
}  // namespace pinrig
