// SPDX-License-Identifier: GPL-2.0
#include "run/rerun.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "job/repro.h"
#include "job/testing.h"
#include "vm/testing.h"

namespace pinrig::run {
namespace {

using job::job_spec;
using job::Place;
using job::write_repro;
using testing::HasSubstr;
using testing::SizeIs;

class Rerun : public testing::Test {
 protected:
  void save(const std::vector<std::string>& tests) {
    const auto job = job_spec(place_.dir.path(), tests);
    ASSERT_TRUE(write_repro(job, place_.dir.path(), "/usr/bin/pinrig").has_value());
  }
  Result<ReadyJob> again(std::vector<std::string> globs = {}) {
    return ready_again({place_.dir.path() / "job.json", std::move(globs)}, place_.services);
  }
  Place place_;
};

TEST_F(Rerun, EachHasAFolderOfItsOwnWithItsScript) {
  save({"bio/a"});
  EXPECT_EQ(again()->dir, place_.dir.path() / "rerun-1");
  EXPECT_EQ(again()->dir, place_.dir.path() / "rerun-2");
  EXPECT_TRUE(fs::exists(place_.dir.path() / "rerun-2/repro.sh"));
}

TEST_F(Rerun, GlobsChooseTests) {
  save({"bio/a", "bio/b", "gup/c"});
  EXPECT_THAT(again({"bio/*"})->spec.tests, SizeIs(2));
  EXPECT_EQ(again({"gup/c"})->spec.tests[0].name, "gup/c");
  const auto none = again({"mm/*"});
  ASSERT_TRUE(none.has_error());
  EXPECT_EQ(none.error().kind, ErrorKind::bad_usage);
}

TEST_F(Rerun, AnArtifactThatIsGoneIsNamed) {
  save({"bio/a"});
  fs::remove(place_.dir.path() / "image");
  const auto r = again();
  ASSERT_TRUE(r.has_error());
  EXPECT_EQ(r.error().kind, ErrorKind::bad_input);
  EXPECT_THAT(r.error().message,
              HasSubstr((place_.dir.path() / "image").string() + " is no longer in the cache"));
  EXPECT_THAT(r.error().hint, HasSubstr("pinrig build"));
}

TEST_F(Rerun, AJobThatIsNoneIsBadInput) {
  ASSERT_TRUE(write_file_atomic(place_.dir.path() / "job.json", "{}").has_value());
  EXPECT_EQ(again().error().kind, ErrorKind::bad_input);
  fs::remove(place_.dir.path() / "job.json");
  EXPECT_EQ(again().error().kind, ErrorKind::bad_input);
}

std::optional<model::Verdict> verdict_of(const RerunEnd& end, const std::string& test) {
  for (const auto& row : end.result.results)
    if (row.verdict.test == test && row.verdict.case_name.empty()) return row.verdict.verdict;
  return std::nullopt;
}

TEST_F(Rerun, ItsExitCodeSpeaksForTheVerdicts) {
  save({"bio/a", "bio/b", "bio/c"});
  {
    const vm::FakeQemu fake("measures");
    const auto good = rerun(*again(), place_.services);
    EXPECT_EQ(good->code, ExitCode::ok) << good->text;
    EXPECT_THAT(good->text, HasSubstr("completed: 0 of 3 tests failed"));
    EXPECT_EQ(verdict_of(*good, "bio/a"), model::Verdict::pass);
  }
  const vm::FakeQemu fake("second_test_kills");
  const auto bad = rerun(*again(), place_.services);
  EXPECT_EQ(bad->code, ExitCode::regressions) << bad->text;
  EXPECT_THAT(bad->text, HasSubstr("the guest ended during bio/b"));
  EXPECT_THAT(bad->text, HasSubstr("2 of 3 tests failed"));
  EXPECT_EQ(verdict_of(*bad, "bio/a"), model::Verdict::pass);
  EXPECT_EQ(verdict_of(*bad, "bio/b"), model::Verdict::crash);
  EXPECT_EQ(verdict_of(*bad, "bio/c"), model::Verdict::missing);
}

}  // namespace
}  // namespace pinrig::run
