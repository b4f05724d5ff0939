// SPDX-License-Identifier: GPL-2.0
// Sources and series that are not what they claim to be.
#include "base/text.h"
#include "sandbox.h"

namespace pinrig::integration {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class BadSource : public testing::Test {
 protected:
  void SetUp() override { box_.make_tiny_project(); }

  std::string git(std::vector<std::string> args) {
    process::Command c;
    c.argv = {"git",
              "-C",
              (box_.root() / "linux-6.12").string(),
              "-c",
              "user.name=A. Developer",
              "-c",
              "user.email=dev@example.org"};
    c.argv.insert(c.argv.end(), args.begin(), args.end());
    const Ran ran = run(c);
    EXPECT_EQ(ran.code, 0) << ran;
    return std::string(trim(ran.out));
  }
  /// The tiny source as a repository with one commit, tagged v1.
  void make_repository() {
    git({"init", "-q"});
    git({"add", "."});
    git({"commit", "-q", "-m", "source"});
    git({"tag", "v1"});
  }
  void use_git(const std::string& rev) {
    box_.put("kernels/tiny.yaml", "name: tiny\nsource: {git: {path: " +
                                      (box_.root() / "linux-6.12").string() + ", rev: " + rev + "}}\n");
  }
  void refused(const Ran& ran, const std::vector<std::string>& wanted) {
    EXPECT_EQ(ran.code, 2) << ran;
    EXPECT_EQ(ran.out, "");
    for (const auto& text : wanted) EXPECT_THAT(ran.err, HasSubstr(text));
    EXPECT_FALSE(box_.has_runs());
  }

  Sandbox box_;
};

TEST_F(BadSource, TheTinySourceIsGood) {
  const Ran ran = box_.pinrig({"plan"});
  EXPECT_EQ(ran.code, 0) << ran;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("base-x86_64"), HasSubstr("pins/selfcheck")));
  EXPECT_FALSE(box_.has_runs());
}

TEST_F(BadSource, TarballCutShort) {
  const fs::path tarball = box_.project / "kernels/tiny.tar.xz";
  fs::resize_file(tarball, fs::file_size(tarball) * 2 / 3);
  refused(box_.pinrig({"run"}), {"tiny.tar.xz", "truncated"});
  // Nothing of it may look like a source later on.
  refused(box_.pinrig({"run"}), {"tiny.tar.xz", "truncated"});
  for (const auto& e : fs::directory_iterator(box_.cache / "sources"))
    EXPECT_FALSE(e.path().filename().string().starts_with("tarball-")) << e.path();
}

TEST_F(BadSource, ATarballThatIsMendedIsTaken) {
  const fs::path tarball = box_.project / "kernels/tiny.tar.xz";
  const auto whole = read_file(tarball);
  ASSERT_TRUE(whole.has_value());
  fs::resize_file(tarball, fs::file_size(tarball) / 2);
  EXPECT_EQ(box_.pinrig({"plan"}).code, 2);
  box_.put(tarball, *whole);
  const Ran ran = box_.pinrig({"plan"});
  EXPECT_EQ(ran.code, 0) << ran;
}

TEST_F(BadSource, TarballThatIsHtml) {
  box_.put("kernels/tiny.tar.xz", "<!DOCTYPE html>\n<html><body>404 Not Found</body></html>\n");
  refused(box_.pinrig({"run"}), {"tiny.tar.xz"});
}

TEST_F(BadSource, TarballOfSomethingElse) {
  process::Command tar;
  tar.argv = {"tar",
              "-C",
              (box_.project / "images").string(),
              "-cJf",
              (box_.project / "kernels/tiny.tar.xz").string(),
              "etc"};
  ASSERT_EQ(run(tar).code, 0);
  refused(box_.pinrig({"run"}), {"tiny.tar.xz", "Makefile"});
}

TEST_F(BadSource, GitRevision) {
  make_repository();
  use_git("v1");
  EXPECT_EQ(box_.pinrig({"plan"}).code, 0);
  use_git("v2");
  refused(box_.pinrig({"run"}), {"no revision 'v2'", "linux-6.12", "log --oneline --all"});
}

TEST_F(BadSource, GitRevisionOfAUrl) {
  make_repository();
  box_.put("kernels/tiny.yaml", "name: tiny\nsource: {git: {url: file://" +
                                    (box_.root() / "linux-6.12").string() + ", rev: v2}}\n");
  const Ran ran = box_.pinrig({"run"});
  refused(ran, {"'v2'", "use a branch, a tag or a full commit ID"});
}

TEST_F(BadSource, GitPathThatIsNoRepository) {
  use_git("v1");
  refused(box_.pinrig({"run"}), {"linux-6.12", "not a git repository"});
}

TEST_F(BadSource, MboxThatIsHtml) {
  box_.put("kernels/series/small/series.yaml", "name: small\nbase: tiny\npatches: {mbox: v1.mbox}\n");
  box_.put("kernels/series/small/v1.mbox",
           "<!DOCTYPE html>\n<html><head><title>Anubis</title></head><body>Making sure you are not a "
           "bot</body></html>\n");
  refused(box_.pinrig({"run", "--series", "small"}), {"v1.mbox", "HTML"});
}

TEST_F(BadSource, MboxWithAPatchMissing) {
  const auto patch = read_file(box_.project / "kernels/series/small/0001-block-say-three.patch");
  ASSERT_TRUE(patch.has_value());
  const auto numbered = [&](const std::string& number) {
    std::string text = *patch;
    return text.replace(text.find("[PATCH 1/1]"), 11, "[PATCH " + number + "]");
  };
  box_.put("kernels/series/small/series.yaml", "name: small\nbase: tiny\npatches: {mbox: v1.mbox}\n");
  box_.put("kernels/series/small/v1.mbox", numbered("1/3") + "\n" + numbered("3/3"));
  refused(box_.pinrig({"run", "--series", "small"}), {"v1.mbox", "2/3", "missing"});
}

TEST_F(BadSource, EmptySeries) {
  fs::remove(box_.project / "kernels/series/small/0001-block-say-three.patch");
  refused(box_.pinrig({"run", "--series", "small"}), {"small"});
}

TEST_F(BadSource, PointBeyondTheSeries) {
  refused(box_.pinrig({"run", "--series", "small", "--point", "7"}), {"7", "1"});
}

TEST_F(BadSource, SeriesThatExpectsSomethingOfAPatchThatItDoesNotHave) {
  box_.put("kernels/series/small/series.yaml",
           "name: small\nbase: tiny\npatches: {dir: .}\nexpect:\n"
           "  - {tests: pins/selfcheck, verdicts: [leak], points: [2], reason: patch 2 leaks}\n");
  refused(box_.pinrig({"run", "--series", "small"}), {"series.yaml:5:5", "'2'", "small has 1 patch"});
}

TEST_F(BadSource, TestThatDoesNotExist) {
  refused(box_.pinrig({"run", "--test", "pins/selfchek"}), {"pins/selfchek", "pins/selfcheck"});
}

TEST_F(BadSource, ASeriesForAnotherBaseStillHasItsPlan) {
  box_.put(box_.root() / "linux-6.12/block/bio.c", "another\nfile\n");
  make_repository();
  use_git("v1");
  const Ran ran = box_.pinrig({"plan", "--series", "small"});
  EXPECT_EQ(ran.code, 3) << ran;
  EXPECT_THAT(ran.err,
              AllOf(HasSubstr("patch 1 \"block: say three\" does not apply"), HasSubstr("block/bio.c")));
  EXPECT_EQ(ran.err.find("three\" does not apply"), ran.err.rfind("three\" does not apply"))
      << "said once: " << ran;
  EXPECT_THAT(ran.out, HasSubstr("base-x86_64"));
}

}  // namespace
}  // namespace pinrig::integration
