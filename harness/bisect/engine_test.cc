// SPDX-License-Identifier: GPL-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bisect/bayes.h"
#include "bisect/rate.h"
#include "bisect/tally.h"
#include "bisect/testing.h"

namespace pinrig::bisect {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<Seen> all(const Ask& ask, Seen seen) {
  return std::vector<Seen>(static_cast<std::size_t>(ask.runs), seen);
}

Boot red_from(int culprit) {
  return [culprit](const Ask& ask) { return all(ask, ask.point >= culprit ? Seen::red : Seen::clean); };
}

/// The same; with patch `culprit` reverted the newer end is clean.
Boot red_from_without(int culprit) {
  return [culprit](const Ask& ask) {
    return all(ask, ask.point != reverted_point && ask.point >= culprit ? Seen::red : Seen::clean);
  };
}

std::vector<int> points_of(const Searched& s, Purpose purpose) {
  std::vector<int> out;
  for (const auto& a : s.asked) {
    if (a.purpose == purpose) out.push_back(a.point);
  }
  return out;
}

TEST(Rate, TheCleanRunsThatFourHitsAskFor) {
  const std::vector<std::pair<int, int>> table{{0, 4}, {1, 7}, {2, 9}, {4, 14}, {8, 23}, {12, 32}, {28, 67}};
  for (const auto& [misses, runs] : table) EXPECT_EQ(clean_runs(4, misses), runs) << misses << " misses";
}

TEST(Rate, NeverFewerThanTwoRuns) {
  EXPECT_EQ(clean_runs(60, 0), 2);
  EXPECT_LT(chance_missed(4, 0, 4), 0.01);
}

TEST(Rate, TheCleanRunsThatMakeARedUnlikely) {
  EXPECT_EQ(runs_to_believe(7, 25, 0.05), 15) << "13 at a rate of 7/32, which is not known so exactly";
  EXPECT_EQ(runs_to_believe(1, 1, 0.05), 11);
  EXPECT_EQ(runs_to_believe(4, 60, 0.05), 59);
  EXPECT_EQ(runs_to_believe(31, 1, 0.05), 1);
  EXPECT_GT(runs_to_believe(7, 25, 0.01), runs_to_believe(7, 25, 0.05));
  EXPECT_GT(runs_to_believe(4, 28, 0.05), runs_to_believe(4, 12, 0.05));
  EXPECT_EQ(runs_to_believe(1, 100000, 1e-9), 10000) << "no end";
}

TEST(Engine, CalibratesInBatchesThatDoubleAndGivesUpAfter64Runs) {
  const auto found = search(series_of(4), {}, [](const Ask& ask) { return all(ask, Seen::clean); });
  std::vector<int> runs;
  for (const auto& a : found.asked) runs.push_back(a.runs);
  EXPECT_THAT(runs, ElementsAre(4, 4, 8, 16, 16, 16));
  EXPECT_EQ(found.conclusion.word, Word::noisy);
  EXPECT_EQ(found.conclusion.why, "seen 0 of 64; not bisected");
}

TEST(Engine, AKnownVerdictCountsForTheSearchAndNotForTheCheck) {
  std::vector<Observation> known{{8, Seen::red, Purpose::known, 0, "r", ""},
                                 {4, Seen::red, Purpose::known, 0, "r", ""}};
  const auto found = search(series_of(8), {}, red_from(4), known);
  EXPECT_EQ(found.asked.front().runs, 3) << "one of four is known";
  EXPECT_THAT(points_of(found, Purpose::search), ElementsAre(2, 3));
  EXPECT_THAT(points_of(found, Purpose::verify), ElementsAre(3, 4));
  EXPECT_EQ(found.conclusion.suspects, std::vector<int>{4});
}

TEST(Engine, AnotherRedIsNeverTheRed) {
  const auto found = search(series_of(8), {}, [](const Ask& ask) {
    if (ask.point == 4) return all(ask, Seen::other);
    return all(ask, ask.point >= 6 ? Seen::red : Seen::clean);
  });
  EXPECT_EQ(found.conclusion.suspects, std::vector<int>{6});
  EXPECT_EQ(found.conclusion.word, Word::likely) << "this one cannot be reverted here";
}

TEST(Engine, WhatCannotBeTestedIsSteppedAround) {
  const auto found = search(series_of(8), {}, [](const Ask& ask) {
    if (ask.point == 4 || ask.point == 5) return std::vector<Seen>{Seen::skip};
    return all(ask, ask.point >= 5 ? Seen::red : Seen::clean);
  });
  EXPECT_EQ(found.conclusion.word, Word::one_of);
  EXPECT_THAT(found.conclusion.suspects, ElementsAre(4, 5, 6));
}

TEST(Engine, AnEndThatCannotBeTestedEndsTheSearch) {
  const auto found = search(series_of(8), {}, [](const Ask& ask) {
    return ask.point == 0 ? std::vector<Seen>{Seen::skip} : all(ask, Seen::red);
  });
  EXPECT_EQ(found.conclusion.word, Word::unusable_end);
  EXPECT_THAT(found.conclusion.why, HasSubstr("older"));
}

TEST(Engine, EqualKernelsShareTheirVerdicts) {
  auto points = series_of(8).points();
  points[4].image = points[0].image = "same";
  const auto found = search(History(points), {}, red_from(7));
  EXPECT_THAT(points_of(found, Purpose::search), ElementsAre(6, 7)) << "4 is as clean as 0";
  EXPECT_EQ(found.conclusion.suspects, std::vector<int>{7});
}

TEST(Engine, ABuiltPointNearTheMiddleGoesFirst) {
  auto history = series_of(40);
  history.set_cached(23);
  history.set_cached(35);
  const auto found = search(history, {}, red_from(40));
  EXPECT_EQ(points_of(found, Purpose::search).front(), 23);
}

TEST(Engine, InfrastructureIsNoEvidenceAndThreeFailuresInARowEndTheSearch) {
  int boots = 0;
  const auto once = search(series_of(4), {}, [&](const Ask& ask) {
    return ++boots == 3 ? std::vector<Seen>{Seen::infra} : red_from(3)(ask);
  });
  EXPECT_EQ(once.conclusion.suspects, std::vector<int>{3});
  const auto always = search(series_of(4), {}, [&](const Ask& ask) {
    return ask.point == 2 ? std::vector<Seen>{Seen::infra} : red_from(3)(ask);
  });
  EXPECT_EQ(always.conclusion.word, Word::infra);
  EXPECT_EQ(always.asked.back().point, 2);
}

TEST(Engine, ARedAtTheNeighbourWhenItIsCheckedContinuesTheSearch) {
  int boots_of_3 = 0;
  const auto found = search(series_of(8), {.can_revert = true}, [&](const Ask& ask) {
    // Clean by luck when it is searched.
    if (ask.point == 3 && ++boots_of_3 == 1) return all(ask, Seen::clean);
    if (ask.point == reverted_point) return all(ask, Seen::clean);
    return all(ask, ask.point >= 3 ? Seen::red : Seen::clean);
  });
  EXPECT_EQ(found.conclusion.word, Word::verified);
  EXPECT_EQ(found.conclusion.suspects, std::vector<int>{3});
}

TEST(Engine, ARevertThatChangesNothingIsNoVerification) {
  const auto still = search(series_of(8), {.can_revert = true}, [](const Ask& ask) {
    return all(ask, ask.point == reverted_point || ask.point >= 3 ? Seen::red : Seen::clean);
  });
  EXPECT_EQ(still.conclusion.word, Word::likely);
  EXPECT_THAT(still.conclusion.why, HasSubstr("still red"));
  const auto conflict = search(series_of(8), {.can_revert = true}, [](const Ask& ask) {
    if (ask.point == reverted_point) return std::vector<Seen>{Seen::skip};
    return all(ask, ask.point >= 3 ? Seen::red : Seen::clean);
  });
  EXPECT_EQ(conflict.conclusion.word, Word::likely);
  EXPECT_THAT(conflict.conclusion.why, HasSubstr("cannot be reverted"));
}

TEST(Engine, ARedThatDoesNotShowAgainAtTheEndIsTooNoisy) {
  const auto found = search(series_of(8), {}, [](const Ask& ask) {
    if (ask.purpose == Purpose::ends && ask.point == 8) return all(ask, Seen::clean);
    return red_from(3)(ask);
  });
  EXPECT_EQ(found.conclusion.word, Word::noisy);
}

TEST(Engine, ARedAtBothEndsIsPresentAtTheOldest) {
  const auto found = search(series_of(8), {}, [](const Ask& ask) { return all(ask, Seen::red); });
  EXPECT_EQ(found.conclusion.word, Word::oldest);
}

TEST(Engine, FixedFindsThePatchThatEndsTheRed) {
  const auto found = search(series_of(8), {.fixed = true, .can_revert = true}, [](const Ask& ask) {
    return all(ask, ask.point == reverted_point || ask.point < 5 ? Seen::red : Seen::clean);
  });
  EXPECT_EQ(found.conclusion.word, Word::verified);
  EXPECT_EQ(found.conclusion.suspects, std::vector<int>{5});
  EXPECT_EQ(found.asked.front().point, 0);
}

// With 4 reds in 4 runs 1 - p is 0.27186 (the 90 % quantile of Beta(0.5, 4.5)); to the 4th 0.0054626, to the
// 8th 0.000029840.
TEST(Engine, TheErrorIsThatOfTheNewestCleanPoint) {
  const auto found = search(series_of(8), {}, red_from(3));
  EXPECT_EQ(found.conclusion.suspects, std::vector<int>{3});
  EXPECT_NEAR(found.conclusion.error, 0.000029840, 1e-9) << "4 runs of patch 2 in the search, 4 in the check";
  const auto fix = search(series_of(8), {.fixed = true, .can_revert = true}, [](const Ask& ask) {
    return all(ask, ask.point == reverted_point || ask.point < 5 ? Seen::red : Seen::clean);
  });
  EXPECT_NEAR(fix.conclusion.error, 0.000029840, 1e-9) << "of the oldest clean point, the fix itself";
}

// Two branches, 1-2 and 3-4, whose merge 5 brings the red.
TEST(Engine, TheErrorIsTheProductOverTheCleanPointsItRestsOn) {
  std::vector<Point> points(6);
  const std::vector<std::vector<int>> parents{{}, {0}, {1}, {0}, {3}, {2, 4}};
  for (std::size_t i = 0; i < points.size(); ++i) points[i].parents = parents[i];
  const auto found = search(History(points), {}, red_from(5));
  EXPECT_EQ(found.conclusion.suspects, std::vector<int>{5});
  EXPECT_NEAR(found.conclusion.error, 1 - (1 - 0.000029840) * (1 - 0.000029840), 1e-9);
}

TEST(Engine, WithEachEveryPointIsRunAndTheSearchOnlyVerifies) {
  for (int n = 2; n <= 8; ++n) {
    for (int culprit = 1; culprit <= n; ++culprit) {
      const auto found = search(series_of(n), {.can_revert = true, .each = true}, red_from_without(culprit));
      EXPECT_EQ(found.conclusion.word, Word::verified) << n << " " << culprit;
      EXPECT_EQ(found.conclusion.suspects, std::vector<int>{culprit});
      const auto searched = points_of(found, Purpose::search);
      EXPECT_EQ(static_cast<int>(searched.size()), n - 1) << "each point once, the ends not again";
      int boots = 0;
      for (const auto& a : found.asked)
        boots += a.purpose == Purpose::revert || a.purpose == Purpose::ends ? 0 : 1;
      EXPECT_EQ(boots, n + 3);
      EXPECT_NEAR(found.conclusion.error, 0.000029840, 1e-9);
    }
  }
}

TEST(Engine, WithEachWhatAnEarlierRunSawIsNotRunAgain) {
  std::vector<Observation> known;
  for (int p = 0; p <= 8; ++p)
    known.push_back({p, p >= 5 ? Seen::red : Seen::clean, Purpose::known, 0, "r", ""});
  const auto found = search(series_of(8), {.each = true}, red_from(5), known);
  EXPECT_THAT(points_of(found, Purpose::search), ElementsAre(4))
      << "the one before the first red one decides";
  EXPECT_EQ(found.conclusion.suspects, std::vector<int>{5});
}

TEST(Engine, WithEachAPointThatIsCleanByLuckIsFound) {
  int boots_of_5 = 0;
  // Red in one run of two at the end, and patch 5 shows nothing in its first four runs.
  int counter = 0;
  const auto found = search(series_of(8), {.each = true}, [&](const Ask& ask) {
    auto out = all(ask, Seen::clean);
    if (ask.point < 5 || (ask.point == 5 && ++boots_of_5 == 1)) return out;
    for (auto& s : out) s = ++counter % 2 == 0 ? Seen::red : Seen::clean;
    return out;
  });
  EXPECT_EQ(found.conclusion.suspects, std::vector<int>{5});
  EXPECT_THAT(points_of(found, Purpose::search), ElementsAre(1, 2, 3, 4, 5, 6, 7, 5, 4));
}

TEST(Engine, ATestThatNoPointHasEndsTheSearch) {
  for (const bool fixed : {false, true}) {
    const auto found =
        search(series_of(8), {.fixed = fixed}, [](const Ask& ask) { return all(ask, Seen::skip); });
    EXPECT_EQ(found.conclusion.word, Word::unusable_end);
    EXPECT_EQ(found.asked.size(), 1u);
  }
}

TEST(Engine, TheBudgetEndsASearch) {
  const auto found = search(series_of(8), {.budget = 10}, red_from(3));
  EXPECT_EQ(found.conclusion.word, Word::noisy);
  EXPECT_LE(found.seen.size(), 14u);
  EXPECT_FALSE(found.conclusion.suspects.empty());
}

TEST(Step, OneRedRunDecidesAndOnlyCleanRunsAreClean) {
  EXPECT_EQ(state_of_runs({Seen::clean, Seen::red, Seen::other}), State::red);
  EXPECT_EQ(state_of_runs({Seen::clean, Seen::clean}), State::clean);
  EXPECT_EQ(state_of_runs({Seen::clean, Seen::other}), State::skipped);
  EXPECT_EQ(state_of_runs({Seen::skip}), State::skipped);
  EXPECT_EQ(state_of_runs({Seen::infra}), State::unknown);
  EXPECT_EQ(state_of_runs({}), State::unknown);
}

// A branch 2-3-4 next to 1, merged at 5; the fault comes in at 3.
TEST(Engine, DescendsIntoTheBranchThatAMergeBrought) {
  std::vector<Point> points(8);
  const std::vector<std::vector<int>> parents{{}, {0}, {0}, {2}, {3}, {1, 4}, {5}, {6}};
  for (std::size_t i = 0; i < points.size(); ++i) points[i].parents = parents[i];
  const History history(points);
  for (int culprit = 1; culprit <= 7; ++culprit) {
    const auto found = search(history, {}, [&](const Ask& ask) {
      return all(ask, history.upto(ask.point).has(culprit) ? Seen::red : Seen::clean);
    });
    EXPECT_EQ(found.conclusion.suspects, std::vector<int>{culprit});
  }
}

TEST(Bayes, AChangeOfTheRateIsFound) {
  const auto history = series_of(8);
  int counter = 0;
  const auto found = search(history, {}, [&](const Ask& ask) {
    std::vector<Seen> out;
    for (int i = 0; i < ask.runs; ++i) {
      const int n = ++counter % 10;
      out.push_back(ask.point >= 6 ? (n == 0 ? Seen::clean : Seen::red) : (n == 3 ? Seen::red : Seen::clean));
    }
    return out;
  });
  EXPECT_EQ(found.conclusion.word, Word::likely) << found.conclusion.why;
  EXPECT_EQ(found.conclusion.suspects, std::vector<int>{6});
  EXPECT_GE(found.conclusion.posterior[6], 0.95);
}

TEST(Bayes, WithoutEvidenceAllPatchesAreEquallyLikelyAndTheMiddleTellsMost) {
  const auto history = series_of(4);
  const auto p = posterior(history, {});
  for (int c = 1; c <= 4; ++c) EXPECT_DOUBLE_EQ(p[static_cast<std::size_t>(c)], 0.25);
  std::vector<Observation> ends;
  for (int i = 0; i < 4; ++i) {
    ends.push_back({0, Seen::clean, Purpose::clean_end, 0, "", ""});
    ends.push_back({4, Seen::red, Purpose::calibrate, 0, "", ""});
  }
  EXPECT_EQ(most_telling(history, ends, posterior(history, ends), PointSet(5)), 2);
}

}  // namespace
}  // namespace pinrig::bisect
