// SPDX-License-Identifier: GPL-2.0
// Series as people have them (testdata/series), on a made-up tree (testdata/tiny). Each folder is named for
// its trap.
#include "base/text.h"
#include "git/testing.h"

namespace pinrig::git {
namespace {

using ::testing::HasSubstr;
using Subjects = std::vector<std::string>;

/// What a folder must give. Texts are parts of what is said; an empty one means that nothing may be said.
struct Right {
  std::string name;
  Subjects subjects;    ///< of the patches that apply
  std::string failure;  ///< to_string() of the ApplyFailure
  std::string error;    ///< instead of all that
  std::string notice;
  std::string hint;  ///< of the failure or the error
};

const Subjects kThree{"mm: gup: spell ten", "mm: gup: spell twenty", "mm: gup: spell thirty"};
const Subjects kOne{"mm: gup: spell ten"};

std::vector<Right> rights() {
  return {
      {"plain", kThree, "", "", "", ""},
      {"crlf_eml", kThree, "", "", "", ""},
      {"crlf_mbox", kThree, "", "", "", ""},
      {"bighdr_plain", kThree, "", "", "", ""},
      {"bighdr_b64", kThree, "", "", "", ""},
      {"bighdr_qp", kThree, "", "", "", ""},
      {"maildir", kThree, "", "", "", ""},
      {"gz", kThree, "", "", "", ""},
      {"bz2", kThree, "", "", "", ""},
      {"tar", kOne, "", "", "\"[PATCH 1/3] mm: gup: spell ten\" is the only patch here", ""},
      {"gtfrom", kThree, "", "", "", ""},
      {"bom_series", kThree, "", "", "", ""},
      {"bom_single", kOne, "", "", "", ""},
      {"bodydash", kOne, "", "", "", ""},
      {"bodydiff", kOne, "", "", "", ""},
      {"noeol", kOne, "", "", "", ""},
      {"nul_body", kOne, "", "", "", ""},
      {"newfile", kOne, "", "", "", ""},
      {"ctrl_subj", {"mm: gup: spell [31mred  ten"}, "", "", "", ""},
      {"no_subject", {"(no subject)"}, "", "", "", ""},
      {"bundle", {}, "", "in.mbox: this is a git bundle", "", "--series REPO:A..B"},
      {"gap_ok", {}, "", "in.mbox: patch 3/3 is missing", "", "b4 am"},
      {"gap_bom", {}, "", "patch 3/3 is missing", "", ""},
      {"gap_nospace", {}, "", "patch 3/3 is missing", "", ""},
      {"bom_each", kThree, "", "", "", ""},
      {"gt_each", kThree, "", "", "", ""},
      {"from_undated", kThree, "", "", "", ""},
      {"eml_joined", kThree, "", "", "", ""},
      {"blank_first", kThree, "", "", "", ""},
      {"prose_first", kThree, "", "", "", ""},
      {"git_log", {}, "", "in.mbox: a second commit follows the diff of", "", "--series REPO:A..B"},
      {"num_brace", {}, "", "so the order is unknown", "", "one *.patch file for each"},
      {"num_end", {}, "", "so the order is unknown", "", "one *.patch file for each"},
      {"num_fullwidth", {}, "", "so the order is unknown", "", "one *.patch file for each"},
      {"num_backslash", {}, "", "so the order is unknown", "", "one *.patch file for each"},
      {"num_alone", {}, "", "so the order is unknown", "", "one *.patch file for each"},
      {"bot_gap", {}, "", "in.mbox: patch 3/3 is missing", "", "b4 am"},
      {"gap_and_fix", {}, "", "in.mbox: patch 2/3 is missing", "", "one *.patch file for each mail"},
      {"old_single_new_gap", {}, "", "in.mbox: patch 3/3 of v2 is missing", "", ""},
      {"bot_numbered", kThree, "", "", "\"[tip: mm/core] mm: gup: spell ten\" does not belong to the series",
       ""},
      {"cover_only_with_diff", kThree, "", "",
       "the cover letter \"[PATCH 0/3] mm: gup: spell ten\" contains a diff", ""},
      {"delmissing",
       {},
       "patch 1 \"mm: gup: spell ten\" does not apply: mm/gone.c does not exist in the base",
       "",
       "",
       ""},
      {"newexists", {}, "does not apply: mm/huge.c already exists in the base", "", "", ""},
      {"newbad", {}, "in.mbox:18: corrupt patch", "", "", ""},
      {"p0", {}, "does not apply: gup.c does not exist in the base", "", "", "lack the prefixes a/ and b/"},
      {"laterfile", {}, "does not apply: mm/gup_folio.c does not exist in the base", "", "", ""},
      {"binary", {}, "does not apply: fw.bin is binary", "", "", "--binary"},
      {"ctx", {}, "patch 1 \"in\" does not apply: mm/gup.c: a context diff", "", "", "diff -u"},
      {"lostspace", {}, "in.mbox:15: corrupt patch", "", "", "whitespace was lost"},
  };
}

class InputsTest : public SourceTest {
 protected:
  InputsTest() {
    const fs::path repo = path("tiny");
    fs::copy(fs::path(PINRIG_TESTDATA) / "tiny", repo, fs::copy_options::recursive);
    git(dir_.path(), {"init", "--quiet", "--initial-branch=main", repo.string()});
    git(repo, {"add", "-A"});
    git(repo, {"commit", "--quiet", "-m", "base"});
    model::KernelBase base;
    base.name = "tiny";
    base.source = model::KernelBase::Git{repo.string(), "main"};
    auto source = import_base(base, ctx_);
    EXPECT_TRUE(source.has_value()) << source.error().message;
    if (source.has_value()) source_ = *source;
  }
  static model::Series series_of(const std::string& name) {
    model::Series s;
    s.name = name;
    const fs::path folder = fs::path(PINRIG_TESTDATA) / "series" / name;
    if (fs::exists(folder / "in.mbox"))
      s.patches = model::Series::Mbox{(folder / "in.mbox").string()};
    else
      s.patches = model::Series::PatchDir{folder.string()};
    return s;
  }
  void check(const Right& right) {
    const auto got = apply_series(source_, series_of(right.name), ctx_);
    if (!right.error.empty()) {
      ASSERT_TRUE(got.has_error());
      EXPECT_EQ(got.error().kind, ErrorKind::bad_input);
      EXPECT_THAT(got.error().message, HasSubstr(right.error));
      EXPECT_THAT(got.error().hint, HasSubstr(right.hint));
      return;
    }
    ASSERT_TRUE(got.has_value()) << got.error().message;
    Subjects subjects;
    for (const auto& p : got->patches) {
      subjects.push_back(p.subject);
      EXPECT_EQ(p.author, "T <t@example.org>");
      EXPECT_EQ(p.patch_id.size(), 40U) << p.subject;
    }
    EXPECT_EQ(subjects, right.subjects);
    EXPECT_EQ(got->failure.has_value(), !right.failure.empty());
    if (got->failure) {
      EXPECT_THAT(to_string(*got->failure), HasSubstr(right.failure));
      EXPECT_THAT(got->failure->hint, HasSubstr(right.hint));
      EXPECT_THAT(got->failure->detail, ::testing::Not(HasSubstr(ctx_.cache.string())));
    }
    if (right.notice.empty())
      EXPECT_EQ(join(got->notices, "\n"), "");
    else
      EXPECT_THAT(join(got->notices, "\n"), HasSubstr(right.notice));
  }

  Source source_;
};

// One test for all: the base is imported once.
TEST_F(InputsTest, EachGivesWhatItMust) {
  std::set<std::string> checked;
  for (const auto& right : rights()) {
    SCOPED_TRACE(right.name);
    checked.insert(right.name);
    check(right);
  }
  for (const auto& entry : fs::directory_iterator(fs::path(PINRIG_TESTDATA) / "series"))
    EXPECT_TRUE(checked.contains(entry.path().filename().string())) << entry.path() << " has no right answer";
}

}  // namespace
}  // namespace pinrig::git
