// SPDX-License-Identifier: GPL-2.0
#include <gmock/gmock.h>

#include "assess/rows.h"
#include "assess/testing.h"

namespace pinrig::assess {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using enum model::Verdict;

TEST(CheckCapabilities, NamesEveryMismatch) {
  EXPECT_THAT(check_capabilities({{"a", "pin"}, {"b", "get"}, {"c", "2"}},
                                 {{"a", "pin"}, {"b", "pin"}, {"x", "y"}}, true),
              ElementsAre("capability b: get is required, pin was found",
                          "capability c: 2 is required, and no test reported it"));
  EXPECT_THAT(check_capabilities({}, {{"a", "pin"}}, true), IsEmpty());
}

TEST(Capabilities, AreRequiredUnlessTheSeriesSaysOtherwise) {
  Sample run;
  run.add(0, {{"a/x", pass}}).guests[0].capabilities = {{"dio.bdev", "get"}};
  run.rules.requirements = {{.name = "new", .range = {}, .capabilities = {{"dio.bdev", "pin"}}, .skips = {}}};
  EXPECT_THAT(run.assess().kernels[0].unmet,
              ElementsAre("capability dio.bdev: pin is required, get was found"));
  run.kernels[0].guests[0].capabilities = {{"dio.bdev", "unknown"}};
  EXPECT_THAT(run.assess().kernels[0].unmet, IsEmpty()) << "what could not be probed is a skip of its own";
  run.add(1, {{"a/x", pass}}).guests[0].capabilities = {{"dio.bdev", "get"}};
  run.rules.capabilities = {{"dio.bdev", "get"}};
  EXPECT_THAT(run.assess().kernels[1].unmet, IsEmpty());
}

TEST(Capabilities, ThatASeriesStatesForOtherTestsMayGoUnreported) {
  Sample run;
  run.rules.requirements = {
      {.name = "6.1", .range = {}, .capabilities = {{"dio.bdev", "get"}, {"dio.xfs", "get"}}, .skips = {}}};
  run.add(1, {{"pins/capabilities", pass}}).guests[0].capabilities = {{"dio.bdev", "pin"}};
  run.rules.capabilities = {{"dio.bdev", "pin"}, {"dio.xfs", "pin"}};
  EXPECT_THAT(run.assess().kernels[0].unmet, IsEmpty()) << "the test of xfs did not run";
  run.kernels[0].guests[0].capabilities["dio.bdev"] = "unknown";
  EXPECT_THAT(run.assess().kernels[0].unmet,
              ElementsAre(HasSubstr("dio.bdev: pin is required, and no test")));
  run.kernels[0].guests[0].capabilities = {{"dio.bdev", "pin"}, {"dio.xfs", "get"}};
  EXPECT_THAT(run.assess().kernels[0].unmet,
              ElementsAre("capability dio.xfs: pin is required, get was found"));
}

TEST(Capabilities, ThatASeriesStatesMustBeReportedWhereAllAreProbed) {
  Sample run;
  run.add(1, {{"pins/capabilities", pass}});
  run.rules.capabilities = {{"dio.bdev", "pin"}};
  EXPECT_THAT(run.assess().kernels[0].unmet, ElementsAre(HasSubstr("no test reported it")));
}

model::Requirements requires_of(std::map<std::string, std::string> capabilities) {
  return {.name = "r", .range = {}, .capabilities = std::move(capabilities), .skips = {}};
}

TEST(Capabilities, OneThatNoFileRequiresIsNotExpectedOnACoveredKernel) {
  Sample run;
  run.add(0, {{"fs/xfs", pass}}).guests[0].capabilities = {{"dio.xfs", "pin"}, {"dio.xfs.write", "get"}};
  EXPECT_THAT(run.assess().kernels[0].unmet, IsEmpty()) << "no file covers it";
  run.rules.requirements = {requires_of({{"dio.xfs", "pin"}})};
  EXPECT_THAT(run.assess().kernels[0].unmet,
              ElementsAre(HasSubstr("capability dio.xfs.write: get was found")));
  EXPECT_EQ(run.assess().code, ExitCode::regressions);
  run.kernels[0].guests[0].capabilities["dio.xfs.write"] = "unknown";
  EXPECT_THAT(run.assess().kernels[0].unmet, IsEmpty()) << "its case says why";
  run.add(1, {{"fs/xfs", pass}}).guests[0].capabilities = {{"dio.new", "pin"}};
  run.rules.capabilities = {{"dio.new", "pin"}};
  EXPECT_THAT(run.assess().kernels[1].unmet, IsEmpty()) << "the series requires it";
}

TEST(Capabilities, OnABaseThatNoFileCoversThePatchedKernelIsHeldToTheBase) {
  Sample run;
  run.add(0, {{"a/x", pass}}).guests[0].capabilities = {{"dio.bdev", "pin"}, {"alg", "unknown"}};
  run.add(1, {{"a/x", pass}}).guests[0].capabilities = {{"dio.bdev", "get"}, {"alg", "get"}};
  const auto lost = run.assess();
  EXPECT_THAT(lost.kernels[1].unmet,
              ElementsAre(HasSubstr("capability dio.bdev: pin on base-x86_64, get here")));
  EXPECT_EQ(lost.code, ExitCode::regressions);
  run.rules.capabilities = {{"dio.bdev", "get"}};
  EXPECT_THAT(run.assess().kernels[1].unmet, IsEmpty()) << "the series says so";
  run.rules.capabilities.clear();
  run.kernels[1].guests[0].capabilities["dio.bdev"] = "pin";
  run.kernels[0].guests[0].capabilities["dio.bdev"] = "get";
  EXPECT_THAT(run.assess().kernels[1].unmet, IsEmpty()) << "a path that pins from now on is no loss";
}

TEST(Capabilities, TwoGuestsOfAKernelAgree) {
  Sample run;
  run.add(0, {{"a/x", pass}}).guests[0].capabilities = {{"lt.file_rw", "refused"}, {"alg", "unknown"}};
  run.kernels[0].guests.push_back(run.kernels[0].guests[0]);
  run.kernels[0].guests[1].id = "base-x86_64.2";
  run.kernels[0].guests[1].capabilities = {{"lt.file_rw", "allowed"}, {"alg", "pin"}};
  EXPECT_THAT(
      run.assess().kernels[0].unmet,
      ElementsAre("capability lt.file_rw: refused in guest base-x86_64, allowed in guest base-x86_64.2"));
}

}  // namespace
}  // namespace pinrig::assess
