// SPDX-License-Identifier: GPL-2.0
// How often the engine names a wrong patch, over seeded histories with everything that happens in practice.
#include <gtest/gtest.h>

#include <random>

#include "bisect/testing.h"

namespace pinrig::bisect {
namespace {

constexpr int patches = 16;
constexpr int histories = 1000;

struct World {
  double rate = 1;
  double other = 0.03;    ///< of runs that are red in another way
  double infra = 0.02;    ///< of boots that fail in harness or machine
  double skipped = 0.08;  ///< of points that cannot be tested
  bool fixed = false;
  bool per_boot = false;  ///< all runs of a guest have the red, or none
};

struct Score {
  int named = 0;
  int wrong = 0;
  int ambiguous = 0;
  int given_up = 0;
  double boots = 0;
  double runs = 0;
};

class Kernel {
 public:
  Kernel(const World& world, unsigned seed) : world_(world), random_(seed) {
    culprit_ = std::uniform_int_distribution<int>(1, patches)(random_);
    for (int p = 1; p < patches; ++p) skipped_.push_back(chance(world.skipped));
  }
  int culprit() const { return culprit_; }

  std::vector<Seen> boot(const Ask& ask) {
    if (chance(world_.infra)) return {Seen::infra};
    const int p = ask.point;
    if (p > 0 && p < patches && skipped_[static_cast<std::size_t>(p) - 1]) return {Seen::skip};
    // With the culprit reverted the newer end is as the older one was.
    const bool has_red = p == reverted_point ? world_.fixed : (p >= culprit_) != world_.fixed;
    const bool this_boot = chance(world_.rate);
    std::vector<Seen> out;
    for (int i = 0; i < ask.runs; ++i) {
      if (chance(world_.other))
        out.push_back(Seen::other);
      else
        out.push_back(has_red && (world_.per_boot ? this_boot : chance(world_.rate)) ? Seen::red
                                                                                     : Seen::clean);
    }
    return out;
  }

 private:
  bool chance(double p) { return std::uniform_real_distribution<double>(0, 1)(random_) < p; }

  World world_;
  std::mt19937 random_;
  int culprit_ = 1;
  std::vector<bool> skipped_;
};

Score simulate(const World& world, bool per_boot = false, unsigned number = histories) {
  Score score;
  const History history = series_of(patches);
  for (unsigned seed = 1; seed <= number; ++seed) {
    Kernel kernel(world, seed);
    const auto found = search(history, {.fixed = world.fixed, .can_revert = true, .per_boot = per_boot},
                              [&](const Ask& ask) { return kernel.boot(ask); });
    const auto& c = found.conclusion;
    score.boots += static_cast<double>(found.asked.size()) / number;
    score.runs += static_cast<double>(found.seen.size()) / number;
    EXPECT_NE(c.why, "does not end") << "seed " << seed;
    if (!has_culprit(c.word)) {
      ++score.given_up;
      continue;
    }
    ++score.named;
    if (c.word == Word::one_of) ++score.ambiguous;
    const bool has = std::find(c.suspects.begin(), c.suspects.end(), kernel.culprit()) != c.suspects.end();
    if (!has) ++score.wrong;
  }
  std::printf("rate %.2f%s%s: %d named (%d of them ONE OF), %d wrong, %d given up, %.1f boots, %.1f runs\n",
              world.rate, world.fixed ? " fix" : "", world.per_boot ? " per boot" : "", score.named,
              score.ambiguous, score.wrong, score.given_up, score.boots, score.runs);
  return score;
}

class Simulation : public testing::TestWithParam<World> {};

TEST_P(Simulation, NamesAWrongPatchInAtMostFiveOfAThousandHistories) {
  const auto score = simulate(GetParam());
  EXPECT_LE(score.wrong, histories * 5 / 1000);
  EXPECT_GE(score.named, histories * 9 / 10) << "giving up is no way to be right";
}

INSTANTIATE_TEST_SUITE_P(Rates, Simulation,
                         testing::Values(World{.rate = 1}, World{.rate = 0.5}, World{.rate = 0.25},
                                         World{.rate = 1, .fixed = true}, World{.rate = 0.5, .fixed = true},
                                         World{.rate = 0.25, .fixed = true}));

// A red that is decided at boot looks constant as long as every guest has it. Whoever knows says so.
TEST(Simulation, ARedThatIsDecidedAtBootNamesAWrongPatchInAFewOfAHundredHistories) {
  for (const bool fixed : {false, true}) {
    const auto score = simulate({.rate = 0.5, .fixed = fixed, .per_boot = true}, false, 100);
    EXPECT_LE(score.wrong, 6);
    EXPECT_GE(score.named, 90);
  }
  const auto told = simulate({.rate = 0.5, .per_boot = true}, true, 100);
  EXPECT_LE(told.wrong, 1);
  EXPECT_GE(told.named, 90);
}

// The negative control: what the score counts can be bad. Runs that are red in another way are taken for the
// red.
TEST(Simulation, OtherRedsThatAreTakenForTheRedNameWrongPatches) {
  const History history = series_of(patches);
  int wrong = 0;
  for (unsigned seed = 1; seed <= 100; ++seed) {
    Kernel kernel({.rate = 0.5, .other = 0.2, .infra = 0, .skipped = 0}, seed);
    const auto found = search(history, {}, [&](const Ask& ask) {
      auto seen = kernel.boot(ask);
      for (auto& s : seen) s = s == Seen::other ? Seen::red : s;
      return seen;
    });
    const auto& c = found.conclusion;
    wrong += !has_culprit(c.word) || c.suspects.front() != kernel.culprit() ? 1 : 0;
  }
  EXPECT_GT(wrong, 20);
}

// Both ends, the search, culprit and neighbour once more; the revert and both ends after it are three more.
TEST(Simulation, AConstantRedTakesFewBoots) {
  for (int n = 2; n <= 40; ++n) {
    const History history = series_of(n);
    int log2 = 0;
    while ((1 << log2) < n) ++log2;
    for (int culprit = 1; culprit <= n; ++culprit) {
      const auto found = search(history, {.can_revert = true}, [&](const Ask& ask) {
        const bool red = ask.point >= culprit;
        return std::vector<Seen>(static_cast<std::size_t>(ask.runs), red ? Seen::red : Seen::clean);
      });
      EXPECT_EQ(found.conclusion.word, Word::verified) << n << " " << culprit << ": " << found.conclusion.why;
      EXPECT_EQ(found.conclusion.suspects, std::vector<int>{culprit});
      int searching = 0;
      for (const auto& ask : found.asked)
        searching += ask.purpose == Purpose::revert || ask.purpose == Purpose::ends ? 0 : 1;
      EXPECT_LE(searching, log2 + 4) << n << " patches, culprit " << culprit;
      EXPECT_LE(static_cast<int>(found.asked.size()), log2 + 7);
    }
  }
}

}  // namespace
}  // namespace pinrig::bisect
