// SPDX-License-Identifier: GPL-2.0
#include "bisect/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bisect/testing.h"

namespace pinrig::bisect {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string time_text = "2026-11-30T15:20:11Z";

Log sample() {
  Log log;
  log.series = "demo-leak";
  log.base = "debian-6.12";
  log.spec = "default";
  log.test = "bio/dio_rw:read 1 page";
  log.settings = {.fixed = false, .can_revert = true, .budget = 300};
  log.points = series_of(3).points();
  for (std::size_t i = 0; i < log.points.size(); ++i)
    log.points[i].sha = std::string(40, static_cast<char>('a' + i));
  log.points[1].image = "beef";
  Signature s;
  s.test = "bio/dio_rw";
  s.case_name = "read 1 page";
  s.verdict = model::Verdict::leak;
  s.sign = 1;
  log.signature = s;
  log.seen = {{3, Seen::red, Purpose::calibrate, 3565, "20261130-152005-1b2c", time_text},
              {0, Seen::clean, Purpose::known, 0, "", time_text},
              {reverted_point, Seen::skip, Purpose::revert, -2.5, "", time_text}};
  return log;
}

std::string text_of(const Log& log) {
  std::string out = header_text(log);
  for (std::size_t p = 0; p < log.points.size(); ++p) {
    if (!log.points[p].image.empty()) out += image_line(static_cast<int>(p), log.points[p].image);
  }
  for (const auto& o : log.seen) out += observation_line(log, o);
  return out;
}

std::string error_of(const std::string& text) {
  const auto log = parse_log(text, "bisect.log");
  return log.has_error() ? log.error().message : "no error";
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(BisectLog, WhatIsWrittenIsRead) {
  const Log log = sample();
  const auto read = parse_log(text_of(log), "bisect.log");
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(text_of(*read), text_of(log));
  EXPECT_EQ(read->signature, log.signature);
  EXPECT_EQ(read->settings.budget, 300);
  EXPECT_EQ(read->seen[2].point, reverted_point);
  EXPECT_DOUBLE_EQ(read->seen[2].value, -2.5);
  EXPECT_EQ(read->points[2].parents, std::vector<int>{1});
}

TEST(BisectLog, KnowsWhatItIsWithoutAndThatEveryPointWasRun) {
  Log log = sample();
  log.settings.each = true;
  log.settings.per_boot = true;
  log.first = 8;
  log.without = {2, 1};
  const auto read = parse_log(text_of(log), "bisect.log");
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(text_of(*read), text_of(log));
  EXPECT_TRUE(read->settings.each);
  EXPECT_TRUE(read->settings.per_boot);
  EXPECT_EQ(read->patch_at(2), 10);
  EXPECT_EQ(read->without, (std::vector<int>{2, 1}));
  EXPECT_EQ(reverted_at(*read, 0, 0), std::vector<int>{});
  EXPECT_EQ(reverted_at(*read, 1, 0), std::vector<int>{1});
  EXPECT_EQ(reverted_at(*read, 3, 0), (std::vector<int>{2, 1})) << "the newest first";
  EXPECT_EQ(reverted_at(*read, reverted_point, 3), (std::vector<int>{3, 2, 1}));
  EXPECT_THAT(error_of(replaced(text_of(log), "without 2", "without 0")),
              HasSubstr("the older end has no patch"));
  EXPECT_THAT(error_of(replaced(text_of(log), "without 2", "without 9")), HasSubstr("no point '9'"));
}

TEST(BisectLog, ALineThatWasBeingWrittenWhenPinrigDiedDoesNotCount) {
  const std::string text = text_of(sample());
  for (std::size_t cut = 1; cut < 60; ++cut) {
    const auto read = parse_log(text.substr(0, text.size() - cut), "bisect.log");
    ASSERT_TRUE(read.has_value()) << cut << ": " << read.error().message;
    EXPECT_GE(read->seen.size(), 1u);
  }
}

TEST(BisectLog, AnAbortForInfrastructureIsOverAfterResuming) {
  Log log = sample();
  log.seen = {{3, Seen::infra, Purpose::calibrate, 0, "", time_text}};
  const auto read = parse_log(text_of(log) + resumed_line(time_text), "bisect.log");
  ASSERT_TRUE(read.has_value());
  EXPECT_TRUE(read->seen.empty());
}

TEST(BisectLog, ErrorsNameTheLineAndTheValue) {
  const std::string good = text_of(sample());
  EXPECT_EQ(error_of(""), "bisect.log:1: empty");
  EXPECT_THAT(error_of("git bisect start\n"), HasSubstr("bisect.log:1: no bisect.log"));
  EXPECT_THAT(error_of("# pinrig bisect.log 1\n"), HasSubstr("no range"));
  EXPECT_THAT(error_of(replaced(good, "series demo", "seires demo")),
              HasSubstr("bisect.log:2: unknown word 'seires'"));
  EXPECT_THAT(error_of(replaced(good, "arch x86_64", "arch vax")), HasSubstr("bisect.log:4: arch 'vax'"));
  EXPECT_THAT(error_of(replaced(good, "budget 300", "budget -3")), HasSubstr("budget '-3'"));
  EXPECT_THAT(error_of(replaced(good, "point 1 ", "point 7 ")), HasSubstr("point '7': expected 1"));
  EXPECT_THAT(error_of(replaced(good, "point 0 aaaa", "point 0 zaaa")), HasSubstr("is no commit"));
  EXPECT_THAT(error_of(replaced(good, " 0 patch 1", " 5 patch 1")), HasSubstr("parent '5' of point 1"));
  EXPECT_THAT(error_of(replaced(good, "image 1", "image 9")), HasSubstr("no point '9': the log has 0 to 3"));
  EXPECT_THAT(error_of(replaced(good, "leak +", "leak ?")), HasSubstr("sign of the pages"));
  EXPECT_THAT(error_of(replaced(good, " red ", " rot ")), HasSubstr("'rot': expected red"));
  EXPECT_THAT(error_of(replaced(good, " calibrate ", " x ")), HasSubstr("no such purpose: 'x'"));
  EXPECT_THAT(error_of(replaced(good, " 3565 ", " many ")), HasSubstr("'many' is not a number"));
  EXPECT_THAT(error_of(replaced(good, "Z 3 d", "Z 2 d")), HasSubstr("point 2 is commit c"));
  EXPECT_THAT(error_of(replaced(good, "Z 0 a", "Z 99999999999 a")), HasSubstr("no point '99999999999'"));
}

TEST(BisectLog, BytesThatAreNoTextAreShownSafely) {
  const std::string bad = header_text(sample()) + std::string("\x1b[31m\0x", 7) + "\n";
  EXPECT_THAT(error_of(bad), Not(HasSubstr("\x1b")));
  EXPECT_THAT(error_of(bad), HasSubstr("unknown word"));
}

TEST(BisectLog, ReplayedItGivesTheSameConclusion) {
  Log log = sample();
  const auto found = search(log.history(), log.settings, [](const Ask& ask) {
    return std::vector<Seen>(static_cast<std::size_t>(ask.runs), ask.point >= 2 ? Seen::red : Seen::clean);
  });
  log.seen = found.seen;
  for (auto& o : log.seen) o.time = time_text;
  const auto read = parse_log(text_of(log), "bisect.log");
  ASSERT_TRUE(read.has_value());
  const auto step = next_step(read->history(), read->settings, read->seen);
  ASSERT_TRUE(std::holds_alternative<Conclusion>(step));
  EXPECT_EQ(std::get<Conclusion>(step).word, Word::verified);
  // Cut anywhere it goes on from there.
  for (std::size_t n = 0; n < log.seen.size(); ++n) {
    const auto again = search(log.history(), log.settings,
                              [](const Ask& ask) {
                                return std::vector<Seen>(static_cast<std::size_t>(ask.runs),
                                                         ask.point >= 2 ? Seen::red : Seen::clean);
                              },
                              {log.seen.begin(), log.seen.begin() + static_cast<std::ptrdiff_t>(n)});
    EXPECT_EQ(again.conclusion.suspects, std::vector<int>{2}) << "after " << n;
  }
}

TEST(BisectLog, AsGitBisectLogHasIt) {
  Log log = sample();
  const auto boot = [](const Ask& ask) {
    if (ask.point == 1) return std::vector<Seen>{Seen::skip};
    return std::vector<Seen>(static_cast<std::size_t>(ask.runs), ask.point >= 3 ? Seen::red : Seen::clean);
  };
  log.seen = search(log.history(), log.settings, boot).seen;
  const auto text = git_log(log);
  EXPECT_THAT(text, HasSubstr("git bisect start\n# bad: [" + std::string(40, 'd') +
                              "] patch 3\ngit bisect bad " + std::string(40, 'd') + "\n# good: ["));
  EXPECT_THAT(text, HasSubstr("git bisect good " + std::string(40, 'c') + "\n"));
  EXPECT_THAT(text, HasSubstr("# first bad commit: [" + std::string(40, 'd') + "] patch 3\n"));
  log.settings.fixed = true;
  EXPECT_THAT(git_log(log), HasSubstr("git bisect start '--term-new=fixed' '--term-old=broken'\n"));
}

}  // namespace
}  // namespace pinrig::bisect
