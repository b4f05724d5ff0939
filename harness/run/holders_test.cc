// SPDX-License-Identifier: GPL-2.0
#include "run/holders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "job/testing.h"
#include "run/leftovers.h"

namespace pinrig::run {
namespace {

using model::Verdict;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A kernel of a stored run, and what its tests came to.
struct Ran {
  std::string id;
  model::Arch arch = model::Arch::x86_64;
  int point = 0;
  std::vector<std::pair<std::string, Verdict>> rows;
  std::string inherits = {};
};

class Leaks : public testing::Test {
 protected:
  void SetUp() override {
    auto store = open_store(place_.services.paths);
    ASSERT_TRUE(store.has_value());
    store_.emplace(std::move(*store));
    run_.id = "20261121-010203-4f2a";
    run_.dir = (place_.dir.path() / "run").string();
    ASSERT_TRUE(make_dirs(run_.dir).has_value());
  }

  void stored(const std::vector<Ran>& all) {
    std::vector<store::KernelRow> kernels;
    std::vector<store::GuestRow> guests;
    for (const auto& r : all) {
      kernels.push_back({.run_id = run_.id, .id = r.id});
      kernels.back().arch = r.arch;
      kernels.back().point.number = r.point;
      guests.push_back({.run_id = run_.id, .kernel_id = r.id, .id = r.id});
      guests.back().dir = (fs::path(run_.dir) / "guests" / r.id).string();
    }
    ASSERT_TRUE(store_->begin_run(run_, kernels, guests).has_value());
    for (std::size_t i = 0; i < all.size(); ++i) {
      std::vector<model::AssessedResult> rows;
      for (const auto& [test, verdict] : all[i].rows) {
        rows.emplace_back();
        rows.back().result.verdict.test = test;
        rows.back().result.verdict.verdict = verdict;
      }
      guests[i].outcome = {model::JobOutcome::Kind::completed, model::Phase::none, ""};
      ASSERT_TRUE(store_->end_guest(guests[i], {}, rows, {}).has_value());
    }
  }

  std::vector<std::string> lines() {
    const auto found = leaks_of(*store_, run_);
    EXPECT_TRUE(found.has_value());
    std::vector<std::string> out;
    for (const auto& l : *found) out.push_back(l.test + " " + l.kernel);
    return out;
  }

  std::string left() {
    const auto text = read_file(fs::path(run_.dir) / "holders.json");
    return text.has_value() ? *text : "";
  }

  job::Place place_;
  std::optional<store::Store> store_;
  store::RunRow run_;
};

TEST_F(Leaks, AreOfTheLastPointOfEachArchitecture) {
  stored({{"base-x86_64", model::Arch::x86_64, 0, {{"bio/a", Verdict::leak}, {"bio/b", Verdict::pass}}},
          {"tip-x86_64", model::Arch::x86_64, 2, {{"bio/a", Verdict::leak}, {"bio/b", Verdict::leak}}},
          {"tip-aarch64", model::Arch::aarch64, 2, {{"bio/b", Verdict::leak}, {"bio/c", Verdict::crash}}}});
  EXPECT_THAT(lines(), ElementsAre("bio/a tip-x86_64", "bio/b tip-x86_64", "bio/b tip-aarch64"));
}

TEST_F(Leaks, NoneIsNothing) {
  stored({{"base-x86_64", model::Arch::x86_64, 0, {{"bio/a", Verdict::pass}, {"bio/b", Verdict::fail}}}});
  EXPECT_THAT(lines(), IsEmpty());
  ASSERT_TRUE(explain_leaks(*store_, run_, place_.services).has_value());
  EXPECT_EQ(left(), "") << "and no file";
}

// The folders of this run have no run.json: what cannot be traced is said, and the rest goes on.
TEST_F(Leaks, WhatCannotBeTracedIsAFindingWithItsReason) {
  stored({{"tip-x86_64",
           model::Arch::x86_64,
           1,
           {{"bio/a", Verdict::leak},
            {"bio/b", Verdict::leak},
            {"bio/c", Verdict::leak},
            {"bio/d", Verdict::leak}}}});
  ASSERT_TRUE(explain_leaks(*store_, run_, place_.services).has_value());
  const auto findings = holders::findings_from_json(left());
  ASSERT_TRUE(findings.has_value());
  ASSERT_EQ(findings->size(), 4u);
  EXPECT_THAT((*findings)[0].problem, HasSubstr("run.json"));
  EXPECT_EQ((*findings)[0].kernel, "tip-x86_64");
  EXPECT_THAT((*findings)[3].problem,
              HasSubstr("a run traces 3 tests, for 10m00s at most; pinrig repro 20261121-010203-4f2a bio/d "
                        "--kernel tip-x86_64 --holders"));
}

}  // namespace
}  // namespace pinrig::run
