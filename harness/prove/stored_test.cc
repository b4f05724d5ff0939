// SPDX-License-Identifier: GPL-2.0
#include "prove/stored.h"

#include <gtest/gtest.h>

namespace pinrig::prove {
namespace {

using model::Verdict;

StoredRun stored(const std::string& series, const std::string& base, Verdict verdict, int exit_code) {
  StoredRun out;
  out.row.series = series;
  out.row.base = base;
  out.row.exit_code = exit_code;
  out.options.tests = {"bio/b"};
  out.options.archs = {model::Arch::x86_64};
  out.said.rows.emplace_back();
  out.said.rows.back().result.verdict.test = "bio/b";
  out.said.rows.back().result.verdict.verdict = verdict;
  return out;
}

TEST(WeighStored, TakesTheNewestRunWithTheFaultAndOneWithoutOnTheSameBase) {
  const std::vector<Oracle> oracles{{"bio/b", {.mutant = "m1"}}};
  const auto holds = [&](const std::vector<StoredRun>& runs) {
    return weigh_stored(oracles, runs).at(0).holds();
  };
  const auto red = stored("m1", "b", Verdict::leak, 1);
  const auto green = stored("", "b", Verdict::pass, 0);
  EXPECT_TRUE(holds({red, green}));
  EXPECT_FALSE(holds({}));
  EXPECT_FALSE(holds({red})) << "nothing says that it passes without the fault";
  EXPECT_FALSE(holds({red, stored("", "other", Verdict::pass, 0)}));
  EXPECT_FALSE(holds({stored("m1", "b", Verdict::pass, 0), red, green})) << "the newest one counts";
  EXPECT_FALSE(holds({stored("m1", "b", Verdict::leak, 0), green})) << "it did not reach the exit code";
  EXPECT_FALSE(holds({stored("m2", "b", Verdict::leak, 1), green}));
  auto arm = green;
  arm.options.archs = {model::Arch::aarch64};
  EXPECT_FALSE(holds({red, arm}));
}

TEST(WeighStored, AFaultOfTheEnvironmentIsThatOfTheRunsOptions) {
  const std::vector<Oracle> oracles{{"bio/b", {.env = {{"X", "1"}}}}};
  auto red = stored("", "b", Verdict::fail, 1);
  const auto green = stored("", "b", Verdict::pass, 0);
  EXPECT_FALSE(weigh_stored(oracles, {red, green}).at(0).holds());
  red.options.env.push_back({"bio/b", {{"X", "1"}}, {}});
  EXPECT_TRUE(weigh_stored(oracles, {red, green}).at(0).holds());
  red.options.env[0].env["X"] = "2";
  EXPECT_FALSE(weigh_stored(oracles, {red, green}).at(0).holds());
}

}  // namespace
}  // namespace pinrig::prove
