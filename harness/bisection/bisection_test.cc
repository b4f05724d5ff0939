// SPDX-License-Identifier: GPL-2.0
#include "bisection/bisection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bisect/testing.h"
#include "bisection/points.h"
#include "git/testing.h"

namespace pinrig::bisection {
namespace {

using bisect::Seen;
using bisect::Word;
using ::testing::HasSubstr;

TEST(BisectExit, OnlyANamedPatchIsSuccess) {
  const auto code = [](Word word) {
    return exit_code_of({.word = word, .suspects = {}, .why = {}, .posterior = {}});
  };
  for (const auto word : {Word::verified, Word::likely, Word::one_of}) EXPECT_EQ(code(word), ExitCode::ok);
  for (const auto word : {Word::oldest, Word::noisy, Word::unusable_end, Word::infra})
    EXPECT_EQ(code(word), ExitCode::harness) << to_string(word);
}

bisect::Log range() {
  bisect::Log log;
  log.spec = "default";
  log.test = "bio/dio:one";
  log.points = bisect::series_of(4).points();
  for (std::size_t i = 0; i < log.points.size(); ++i)
    log.points[i].sha = std::string(40, static_cast<char>('a' + i));
  return log;
}

TEST(PointOptions, OfASeriesNameThePointAndWhatIsReverted) {
  auto log = range();
  log.series = "x";
  EXPECT_EQ(run_options(log, 3, 0).points, std::vector<std::string>{"3"});
  EXPECT_TRUE(run_options(log, 3, 0).revert.empty());
  const auto tip = run_options(log, bisect::reverted_point, 2);
  EXPECT_EQ(tip.points, std::vector<std::string>{"tip"});
  EXPECT_EQ(tip.revert, std::vector<std::string>{"2"});
  EXPECT_EQ(tip.last_patch, 4);
  log.first = 8;
  EXPECT_EQ(run_options(log, 3, 0).points, std::vector<std::string>{"11"});
  EXPECT_EQ(run_options(log, bisect::reverted_point, 2).revert, std::vector<std::string>{"10"});
  EXPECT_EQ(run_options(log, bisect::reverted_point, 2).last_patch, 12);
  log.first = 0;
  log.without = {2};
  EXPECT_TRUE(run_options(log, 1, 0).revert.empty());
  EXPECT_EQ(run_options(log, 3, 0).revert, std::vector<std::string>{"2"});
  EXPECT_EQ(run_options(log, 3, 0).last_patch, 3);
  EXPECT_EQ(run_options(log, bisect::reverted_point, 3).revert, (std::vector<std::string>{"3", "2"}));
}

TEST(PointOptions, OfARangeNameCommits) {
  auto log = range();
  log.repo = "/src/linux";
  EXPECT_EQ(run_options(log, 3, 0).revision->rev, log.points[3].sha);
  const auto tip = run_options(log, bisect::reverted_point, 2);
  EXPECT_EQ(tip.revision->rev, log.points[4].sha);
  EXPECT_EQ(tip.revert, std::vector<std::string>{log.points[2].sha});
}

using StepTest = git::SourceTest;

// What a commit's runs come to is what git takes it for, in its own `git bisect run`.
TEST_F(StepTest, GitBisectRunUnderstandsTheExitCodes) {
  const fs::path repo = path("repo");
  git(dir_.path(), {"init", "--quiet", "--initial-branch=main", repo.string()});
  std::vector<std::string> commits;
  for (int i = 0; i < 9; ++i) {
    write(repo / "file", std::to_string(i));
    git(repo, {"add", "-A"});
    git(repo, {"commit", "--quiet", "-m", "commit " + std::to_string(i)});
    commits.push_back(git(repo, {"rev-parse", "HEAD"}));
  }
  const auto say = [&](std::size_t at, const std::vector<Seen>& runs) {
    write(path("codes") / commits[at],
          std::to_string(static_cast<int>(step_code(bisect::state_of_runs(runs)))) + "\n");
  };
  for (std::size_t i = 0; i < commits.size(); ++i)
    say(i, i >= 6 ? std::vector{Seen::clean, Seen::red} : std::vector{Seen::clean, Seen::clean});
  say(4, {Seen::skip});
  write(path("step"), "exit $(cat ../codes/$(git rev-parse HEAD))\n");
  const auto bisected = [&] {
    git(repo, {"bisect", "start", commits.back(), commits.front()});
    auto opened = git::Git::open(ctx_);
    git::Call call;
    call.cwd = repo;
    call.args = {"bisect", "run", "sh", path("step").string()};
    auto said = opened->run(call);
    EXPECT_TRUE(said.has_value());
    return *said;
  };
  const auto found = bisected();
  EXPECT_TRUE(process::succeeded(found.status)) << found.err;
  EXPECT_THAT(found.out, HasSubstr(commits[6] + " is the first bad commit"));
  git(repo, {"bisect", "reset"});
  // Harness or machine failed: no verdict about any commit.
  for (std::size_t i = 0; i < commits.size(); ++i) say(i, {Seen::infra});
  const auto stopped = bisected();
  EXPECT_FALSE(process::succeeded(stopped.status));
  EXPECT_THAT(stopped.out + stopped.err, HasSubstr("128"));
}

}  // namespace
}  // namespace pinrig::bisection
