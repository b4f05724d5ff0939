// SPDX-License-Identifier: GPL-2.0
// The sources of a point without patches that it contains, as a search asks for them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "git/testing.h"
#include "run/inputs.h"

namespace pinrig::bisection {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Silent : job::Observer {
  void on(const job::Event&) override {}
};

/// base, then three commits that each change a line of their own.
class RevertedTest : public git::SourceTest {
 protected:
  RevertedTest() : repo_(path("user")) {
    git(dir_.path(), {"init", "--quiet", "--initial-branch=main", repo_.string()});
    write(repo_ / "Makefile", "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 117\n");
    std::string text = git::numbered_lines(60);
    commit(text, "base");
    for (const char* line : {"line 10\n", "line 30\n", "line 50\n"}) {
      text.replace(text.find(line), std::string(line).size(), "changed " + std::string(line));
      commits_.push_back(commit(text, "change " + std::string(line)));
    }
    in_.base.name = "user";
  }
  std::string commit(const std::string& text, const std::string& message) {
    write(repo_ / "mm/gup.c", text);
    git(repo_, {"add", "-A"});
    git(repo_, {"commit", "--quiet", "-m", message});
    if (message == "base") git(repo_, {"tag", "base"});
    return git(repo_, {"rev-parse", "HEAD"});
  }
  Result<run::Sources> fetch() {
    const job::Services services{Paths{path("project"), ctx_.cache, path("state")}, cancel_, silent_, 1};
    return run::fetch_sources(in_, services);
  }

  fs::path repo_;
  std::vector<std::string> commits_;
  Silent silent_;
  run::Inputs in_;
};

TEST_F(RevertedTest, OfARangeTheBaseIsTheCommitWithoutTheOthers) {
  in_.base.source = model::KernelBase::Git{repo_.string(), "main"};
  in_.revert = {commits_[1], commits_[0]};
  const auto sources = fetch();
  ASSERT_TRUE(sources.has_value()) << sources.error().message;
  EXPECT_EQ(run::points_of(*sources).size(), 1u);
  const auto text = show(sources->base, sources->base.commit, "mm/gup.c");
  EXPECT_THAT(text, HasSubstr("changed line 50\n"));
  EXPECT_THAT(text, Not(HasSubstr("changed line 10\n")));
  EXPECT_THAT(text, Not(HasSubstr("changed line 30\n")));
}

TEST_F(RevertedTest, OfASeriesTheTipIsThePointWithoutThePatches) {
  in_.base.source = model::KernelBase::Git{repo_.string(), "base"};
  in_.series.emplace();
  in_.series->name = "tested";
  in_.series->patches = model::Series::GitRange{repo_.string(), "base..main"};
  in_.last_patch = 2;
  in_.revert = {"1"};
  const auto sources = fetch();
  ASSERT_TRUE(sources.has_value()) << sources.error().message;
  const auto points = run::points_of(*sources);
  ASSERT_EQ(points.size(), 4u);
  EXPECT_EQ(points.back().label, "tip");
  EXPECT_THAT(points.back().subject, HasSubstr("Revert"));
  const auto text = show(sources->base, points.back().commit, "mm/gup.c");
  EXPECT_THAT(text, HasSubstr("changed line 30\n"));
  EXPECT_THAT(text, Not(HasSubstr("changed line 10\n")));
  EXPECT_THAT(text, Not(HasSubstr("changed line 50\n"))) << "patch 3 is later than the point";
  in_.revert = {"3"};
  const auto later = fetch();
  ASSERT_TRUE(later.has_error());
  EXPECT_EQ(later.error().kind, ErrorKind::bad_input);
  EXPECT_THAT(later.error().message, HasSubstr("reverting '3': the series has the patches 1 to 2"));
}

}  // namespace
}  // namespace pinrig::bisection
