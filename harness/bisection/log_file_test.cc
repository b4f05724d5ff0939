// SPDX-License-Identifier: GPL-2.0
#include "bisection/log_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bisect/testing.h"
#include "git/testing.h"

namespace pinrig::bisection {
namespace {

using bisect::Ask;
using bisect::Seen;
using ::testing::HasSubstr;

class LogFileTest : public git::SourceTest {
 protected:
  static bisect::Log sample() {
    bisect::Log log;
    log.series = "x";
    log.spec = "default";
    log.test = "bio/dio";
    log.points = bisect::series_of(3).points();
    for (auto& p : log.points) p.sha = "abc";
    return log;
  }
  static bisect::Observation observation() {
    return {3, Seen::red, bisect::Purpose::calibrate, 1, "run", "2026-11-30T15:20:11Z"};
  }
};

TEST_F(LogFileTest, WhatWasAppendedIsThereAndHalfALineIsCutOff) {
  const auto log = sample();
  fs::path file;
  {
    auto out = LogFile::create(path("state"), log);
    ASSERT_TRUE(out.has_value()) << out.error().message;
    file = out->path();
    ASSERT_TRUE(out->append(observation_line(log, observation())).has_value());
    ASSERT_TRUE(out->append("2026-11-30T15:20:12Z 3 ab").has_value());
    EXPECT_TRUE(LogFile::reopen(file).has_error()) << "another process has it";
  }
  auto again = LogFile::reopen(file);
  ASSERT_TRUE(again.has_value()) << again.error().message;
  ASSERT_TRUE(again->append(observation_line(log, observation())).has_value());
  const auto read = read_log(file);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(read->seen.size(), 2u);
}

TEST_F(LogFileTest, IsFoundByIdByPathAndAsTheLast) {
  EXPECT_TRUE(find_log(path("state"), "last").has_error());
  const auto out = LogFile::create(path("state"), sample());
  ASSERT_TRUE(out.has_value());
  const auto id = out->path().parent_path().filename().string();
  for (const auto& word : {std::string("last"), id, out->path().string()})
    EXPECT_EQ(*find_log(path("state"), word), out->path()) << word;
  const auto none = find_log(path("state"), "no-such");
  ASSERT_TRUE(none.has_error());
  EXPECT_THAT(none.error().hint, HasSubstr(id));
}

// What the search says is the first bad commit is what git says after replaying its log.
TEST_F(LogFileTest, GitReplaysTheExportedLog) {
  for (const bool fixed : {false, true}) {
    const fs::path repo = path(fixed ? "fixed" : "broken");
    git(dir_.path(), {"init", "--quiet", "--initial-branch=main", repo.string()});
    bisect::Log log = sample();
    log.settings.fixed = fixed;
    log.points = bisect::series_of(9).points();
    for (auto& p : log.points) {
      write(repo / "file", p.subject);
      git(repo, {"add", "-A"});
      git(repo, {"commit", "--quiet", "-m", p.subject});
      p.sha = git(repo, {"rev-parse", "HEAD"});
    }
    log.seen = bisect::search(log.history(), log.settings, [&](const Ask& ask) {
                 if (ask.point == 4) return std::vector<Seen>{Seen::skip};
                 return std::vector<Seen>(static_cast<std::size_t>(ask.runs),
                                          (ask.point >= 7) != fixed ? Seen::red : Seen::clean);
               }).seen;
    write(path("log.txt"), bisect::git_log(log));
    const auto said = git(repo, {"bisect", "replay", path("log.txt").string()});
    EXPECT_THAT(said,
                HasSubstr(log.points[7].sha + " is the first " + (fixed ? "fixed" : "bad") + " commit"));
  }
}

}  // namespace
}  // namespace pinrig::bisection
