// SPDX-License-Identifier: GPL-2.0
#include "bisect/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bisect/testing.h"

namespace pinrig::bisect {
namespace {

using testing::HasSubstr;

Log searched(int patches, const Boot& boot, Settings settings = {.can_revert = true}) {
  Log log;
  log.test = "bio/dio";
  log.points = series_of(patches).points();
  log.points[0].subject.clear();
  log.settings = settings;
  log.seen = search(log.history(), settings, boot).seen;
  return log;
}

Boot red_from(int culprit) {
  return [culprit](const Ask& ask) {
    return std::vector<Seen>(static_cast<std::size_t>(ask.runs),
                             ask.point >= culprit ? Seen::red : Seen::clean);
  };
}

std::string concluded(const Log& log) {
  return conclusion_text(log, std::get<Conclusion>(next_step(log.history(), log.settings, log.seen)));
}

TEST(BisectText, OneLinePerPointWithAMarkPerRun) {
  auto log = searched(3, red_from(2));
  log.points[1].image = log.points[0].image = "a";
  log.seen.push_back({2, Seen::other, Purpose::search, 0, "", ""});
  const auto text = points_text(log);
  EXPECT_THAT(text, HasSubstr("    0  base                                              ○○○○"));
  EXPECT_THAT(text, HasSubstr("=")) << "point 1 has the kernel of point 0";
  EXPECT_THAT(text, HasSubstr("●●●●●x"));
}

TEST(BisectText, SaysWhatIsLeft) {
  auto log = searched(16, red_from(9));
  std::size_t calibrated = 0;
  while (calibrated < log.seen.size() && log.seen[calibrated].purpose != Purpose::search) ++calibrated;
  log.seen.resize(calibrated);
  EXPECT_EQ(progress_text(log, 10), "16 of 16 patches left, about 4 points, 1m00s");
  log.seen.clear();
  EXPECT_EQ(progress_text(log, 0), "calibrating: 0 of 0 runs red");
}

// Golden: what is redrawn while a search goes on.
TEST(BisectText, TheScreenHasALinePerPointAndWhatIsLeft) {
  Log log;
  log.test = "bio/dio";
  log.points = series_of(8).points();
  log.points[0].subject.clear();
  log.points[2].subject = "Größe der Seiten: a subject that is a good deal too long for its column";
  log.points[3].subject = "mm: rename \x1b[31m";
  log.points[6].image = log.points[7].image = "same";
  const auto add = [&](int point, Seen seen, int runs) {
    for (int i = 0; i < runs; ++i) log.seen.push_back({point, seen, Purpose::search, 0, "", ""});
  };
  for (int i = 0; i < 4; ++i) log.seen.push_back({8, Seen::red, Purpose::calibrate, 0, "", ""});
  add(0, Seen::clean, 4);
  add(4, Seen::skip, 1);
  add(3, Seen::clean, 4);
  add(6, Seen::red, 1);
  add(5, Seen::infra, 1);
  EXPECT_EQ(screen_text(log, 60),
            "    0  base                                              ○○○○\n"
            "    1  patch 1\n"
            "    2  Größe der Seiten: a subject that is a good de...\n"
            "    3  mm: rename \\x1b[31m                               ○○○○\n"
            "    4  patch 4                                           s\n"
            "    5  patch 5                                           !\n"
            "    6  patch 6                                           ●\n"
            "    7  patch 7                                           =\n"
            "    8  patch 8                                           ●●●●\n"
            "       3 of 8 patches left, about 2 points, 4m00s\n");
  log.without = {3};
  log.repo = "/src/linux";
  log.points[3].sha = "0123456789abcdef";
  EXPECT_THAT(
      screen_text(log, 0),
      testing::StartsWith("       without commit 0123456789ab \"mm: rename \\x1b[31m\"\n    0  base"));
  EXPECT_THAT(screen_text(log, 0), HasSubstr("3 of 8 commits left, about 2 points\n"));
}

TEST(BisectText, OfASearchOfEveryPointThePointsLeftAreThoseWithoutARun) {
  auto log = searched(8, red_from(3), {.can_revert = true, .each = true});
  log.seen.resize(4 + 4 + 4);
  EXPECT_EQ(progress_text(log, 0), "7 of 8 patches left, about 6 points");
  log.seen = searched(8, red_from(3), {.can_revert = true, .each = true}).seen;
  EXPECT_EQ(progress_text(log, 10), "1 of 8 patches left, to be checked, 20.0s");
}

TEST(BisectText, TheConclusionNamesThePatchAndTheRuns) {
  const auto text = concluded(searched(4, red_from(3)));
  EXPECT_THAT(text, HasSubstr("VERIFIED: patch 3 \"patch 3\" is the first with it\n"));
  EXPECT_THAT(text, HasSubstr("the red shows in 4 of 4 runs of the newer end\n"));
  EXPECT_THAT(text, HasSubstr("before it: 0 of 8 runs red\n"));
}

TEST(BisectText, WithSkippedPointsItNamesAllSuspects) {
  const auto text = concluded(searched(4, [](const Ask& ask) {
    if (ask.point == 2) return std::vector<Seen>{Seen::skip};
    return red_from(2)(ask);
  }));
  EXPECT_THAT(text, HasSubstr("ONE OF 2\n"));
  EXPECT_THAT(text, HasSubstr("patch 2 \"patch 2\"\n  patch 3 \"patch 3\"\n"));
}

TEST(BisectText, WithoutACulpritItSaysWhy) {
  EXPECT_THAT(concluded(searched(4, red_from(9))), HasSubstr("TOO NOISY: seen 0 of 64; not bisected\n"));
  EXPECT_THAT(concluded(searched(4, red_from(-1))), HasSubstr("PRESENT AT THE OLDEST: "));
}

TEST(BisectText, ACommitIsNamedByItsId) {
  auto log = searched(4, red_from(3));
  log.repo = "/src/linux";
  log.points[3].sha = "0123456789abcdef0123";
  EXPECT_EQ(point_name(log, 3), "commit 0123456789ab \"patch 3\"");
  EXPECT_EQ(point_name(log, reverted_point), "the newer end with the culprit reverted");
}

}  // namespace
}  // namespace pinrig::bisect
