// SPDX-License-Identifier: GPL-2.0
#include "base/text.h"
#include "git/testing.h"

namespace pinrig::git {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SeriesTest : public SourceTest {
 protected:
  SeriesTest() : source_(small()) {}

  static model::Series mbox(const fs::path& file) {
    model::Series s;
    s.name = "tested";
    s.patches = model::Series::Mbox{file.string()};
    return s;
  }
  static model::Series testdata(const std::string& name) { return mbox(fs::path(PINRIG_TESTDATA) / name); }
  static model::Series directory(const fs::path& dir) {
    model::Series s;
    s.name = "tested";
    s.patches = model::Series::PatchDir{dir.string()};
    return s;
  }
  AppliedSeries apply(const model::Series& s) {
    auto r = apply_series(source_, s, ctx_);
    EXPECT_TRUE(r.has_value()) << r.error().message;
    return r.has_value() ? *r : AppliedSeries{};
  }
  Error error(const model::Series& s) {
    auto r = apply_series(source_, s, ctx_);
    EXPECT_TRUE(r.has_error());
    const Error e = r.has_error() ? r.error() : Error{};
    EXPECT_EQ(e.kind, ErrorKind::bad_input) << e.message;
    EXPECT_THAT(e.message, HasSubstr("series tested"));
    return e;
  }
  /// A patch file that changes `line` of mm/gup.c, as git format-patch writes it but without index line.
  static std::string patch(const std::string& subject, int line, const std::string& to) {
    std::string hunk;
    for (int i = line - 3; i <= line + 3; ++i)
      hunk +=
          i == line ? "-line " + std::to_string(i) + "\n+" + to + "\n" : " line " + std::to_string(i) + "\n";
    const std::string at = std::to_string(line - 3) + ",7";
    return "From 1111111111111111111111111111111111111111 Mon Sep 17 00:00:00 2001\nFrom: A. Developer "
           "<dev@example.org>\n"
           "Date: Tue, 2 Jan 2024 10:00:00 +0100\nSubject: " +
           subject +
           "\n\nWhy.\n---\n\ndiff --git a/mm/gup.c b/mm/gup.c\n"
           "--- a/mm/gup.c\n+++ b/mm/gup.c\n@@ -" +
           at + " +" + at + " @@\n" + hunk + "--\n2.39.5\n\n";
  }

  static void write_packed(const fs::path& file, const std::string& text) {
    archive* a = archive_write_new();
    archive_write_set_format_raw(a);
    archive_write_add_filter_gzip(a);
    ASSERT_EQ(archive_write_open_filename(a, file.c_str()), ARCHIVE_OK);
    archive_entry* e = archive_entry_new();
    archive_entry_set_filetype(e, AE_IFREG);
    archive_write_header(a, e);
    archive_write_data(a, text.data(), text.size());
    archive_entry_free(e);
    archive_write_close(a);
    archive_write_free(a);
  }

  Source source_;
};

TEST_F(SeriesTest, MailsInAnyOrderAndEncoding) {
  const auto s = apply(testdata("shuffled-v3-with-cover-and-replies.mbox"));
  ASSERT_FALSE(s.failure) << s.failure->detail;
  ASSERT_EQ(s.patches.size(), 3U);
  EXPECT_EQ(s.patches[0].number, 1);
  EXPECT_EQ(s.patches[0].subject, "mm/gup: first (k\u016f\u0148)");
  EXPECT_EQ(s.patches[0].author, "Ji\u0159\u00ed V\u00fdvoj\u00e1\u0159 <jiri@example.org>");
  EXPECT_EQ(s.patches[1].subject, "mm/gup: second");
  EXPECT_EQ(s.patches[2].subject, "mm/swap: third");
  EXPECT_THAT(s.patches[2].files, ElementsAre("mm/swap.c"));
  EXPECT_THAT(show(source_, s.patches[0].commit, "mm/gup.c"), HasSubstr("line five = \"\u00fc\"\n"));
  EXPECT_THAT(show(source_, s.patches[1].commit, "mm/gup.c"), HasSubstr("line twenty\n"));
  EXPECT_EQ(show(source_, s.patches[1].commit, "mm/swap.c"), numbered_lines(40));
  EXPECT_THAT(show(source_, s.patches[2].commit, "mm/swap.c"), HasSubstr("line ten\n"));
  const std::string log = git(source_.repo, {"log", "--format=%an|%cn|%s|%P", "-1", s.patches[1].commit});
  EXPECT_EQ(log, "A. Developer|pinrig|mm/gup: second|" + s.patches[0].commit);
  EXPECT_THAT(git(source_.repo, {"log", "--format=%B", "-1", s.patches[0].commit}),
              HasSubstr("Signed-off-by: A. Dev"));
  EXPECT_EQ(s.patches[2].tree, git(source_.repo, {"rev-parse", s.patches[2].commit + "^{tree}"}));
}

TEST_F(SeriesTest, SameSeriesSameCommitsAndASecondCallOnlyLooks) {
  const auto first = apply(testdata("shuffled-v3-with-cover-and-replies.mbox"));
  int reports = 0;
  ctx_.progress = [&](const Progress&) { ++reports; };
  const auto again = apply(testdata("shuffled-v3-with-cover-and-replies.mbox"));
  EXPECT_EQ(reports, 0);
  ctx_.cache = path("another-cache");
  const Source fresh = small();
  const auto elsewhere = apply_series(fresh, testdata("shuffled-v3-with-cover-and-replies.mbox"), ctx_);
  ASSERT_TRUE(elsewhere.has_value());
  ASSERT_EQ(again.patches.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(again.patches[i].commit, first.patches[i].commit);
    EXPECT_EQ(again.patches[i].files, first.patches[i].files);
    EXPECT_EQ(elsewhere->patches.at(i).commit, first.patches[i].commit);
  }
}

TEST_F(SeriesTest, DamagedMemoryOfASeriesIsMadeAnew) {
  const auto first = apply(testdata("shuffled-v3-with-cover-and-replies.mbox"));
  for (const auto& e : fs::directory_iterator(source_.repo / "pinrig-series"))
    write(e.path(), "[{\"number\": 1}]");
  const auto again = apply(testdata("shuffled-v3-with-cover-and-replies.mbox"));
  EXPECT_EQ(again.patches.size(), first.patches.size());
  EXPECT_EQ(again.subjects, first.subjects);
}

TEST_F(SeriesTest, ForAnotherBaseNamesPatchFileAndHunk) {
  const auto s = apply(testdata("for-another-base.mbox"));
  ASSERT_TRUE(s.failure);
  EXPECT_EQ(s.failure->number, 2);
  EXPECT_EQ(s.failure->subject, "mm/gup: does not fit");
  EXPECT_EQ(s.failure->file, "mm/gup.c");
  EXPECT_EQ(s.failure->hunk, "hunk 2 at line 27");
  EXPECT_THAT(s.failure->detail, HasSubstr("patch failed: mm/gup.c:27"));
  ASSERT_EQ(s.patches.size(), 1U) << "the patch before it can be used";
  EXPECT_EQ(s.subjects.size(), 3U) << "the patch after it is still a point of the series";
  EXPECT_THAT(show(source_, s.patches[0].commit, "mm/gup.c"), HasSubstr("line XII\n"));
}

TEST_F(SeriesTest, WhatIsNoSeries) {
  EXPECT_THAT(error(testdata("gap-2-of-3-missing.mbox")).message, HasSubstr("patch 2/3 is missing"));
  EXPECT_THAT(error(testdata("two-versions.mbox")).message, HasSubstr("is missing"));
  EXPECT_THAT(error(testdata("patch-without-diff.mbox")).message,
              HasSubstr("no diff in \"[PATCH 2/2] two\""));
  const Error html = error(testdata("html-instead-of-mbox.mbox"));
  EXPECT_THAT(html.message, HasSubstr("this is HTML, save the raw mbox"));
  EXPECT_THAT(html.hint, HasSubstr("mbox.gz"));
  write(path("empty.mbox"), "\n");
  EXPECT_THAT(error(mbox(path("empty.mbox"))).message, HasSubstr("empty"));
  write(path("notes.mbox"), "Remember the milk.\n");
  EXPECT_THAT(error(mbox(path("notes.mbox"))).message, HasSubstr("contains no diff"));
  write(path("utf16.mbox"), std::string("\xff\xfe"
                                        "F\0r\0o\0m\0",
                                        10));
  EXPECT_THAT(error(mbox(path("utf16.mbox"))).message, HasSubstr("this is UTF-16"));
  EXPECT_THAT(error(mbox(path("missing.mbox"))).message, HasSubstr("missing.mbox"));
  EXPECT_THAT(error(mbox(dir_.path())).message, HasSubstr("a directory"));
  write(path("cut.mbox"), "\x1f\x8b not really");
  EXPECT_THAT(error(mbox(path("cut.mbox"))).message, HasSubstr("damaged"));
}

TEST_F(SeriesTest, WhatIsLeftOutOrGuessedIsSaid) {
  const auto twice = apply(testdata("duplicate.mbox"));
  EXPECT_EQ(twice.patches.size(), 2U);
  EXPECT_THAT(twice.notices, ElementsAre(HasSubstr("applied once")));
  EXPECT_THAT(apply(testdata("only-replies.mbox")).notices, ElementsAre(HasSubstr("from the reply")));
  EXPECT_EQ(apply(testdata("duplicate.mbox")).notices, twice.notices) << "also when it is remembered";
}

TEST_F(SeriesTest, DirectoryIsSortedByNameAndIgnoresOtherFiles) {
  write(path("p/0002-b.patch"), patch("[PATCH] b", 20, "B"));
  write(path("p/0001-a.patch"), patch("[PATCH] a", 20, "line 20"));
  write(path("p/0001-a.patch"), patch("[PATCH] a", 10, "A"));
  write(path("p/0003-c.eml"), patch("[PATCH] [media] c", 30, "C"));
  write(path("p/README"), "not a patch");
  write(path("p/0000-cover-letter.patch"),
        "From: A. Developer <dev@example.org>\nSubject: [PATCH 0/3] all\n\nText.\n");
  const auto s = apply(directory(path("p")));
  ASSERT_EQ(s.patches.size(), 3U);
  EXPECT_EQ(s.patches[0].subject, "a");
  EXPECT_EQ(s.patches[1].subject, "b");
  EXPECT_EQ(s.patches[2].subject, "c");
}

TEST_F(SeriesTest, SeriesFileGivesTheOrderAndPlainDiffsTheirNames) {
  const std::string plain = patch("x", 20, "Z");
  write(path("p/z.diff"), plain.substr(plain.find("diff --git")));
  write(path("p/a.patch"), patch("[PATCH v7 5/9] a", 10, "A"));
  write(path("p/unused.patch"), "garbage");
  write(path("p/series"), "# order of the distribution\nz.diff -p1\n\na.patch # why\n");
  const auto s = apply(directory(path("p")));
  ASSERT_EQ(s.patches.size(), 2U);
  EXPECT_EQ(s.patches[0].subject, "z");
  EXPECT_EQ(s.patches[1].subject, "a");
  write(path("p/series"), "a.patch\nnowhere.patch\n");
  EXPECT_THAT(error(directory(path("p"))).message, HasSubstr("series:2: patch 'nowhere.patch'"));
  write(path("p/series"), "a.patch -R\n");
  EXPECT_THAT(error(directory(path("p"))).message, HasSubstr("series:1: unknown option '-R'"));
}

TEST_F(SeriesTest, DirectoryOrderIsThatOfTheNamesWhateverTheSubjectsSay) {
  write(path("p/01.patch"), patch("[PATCH 2/2] b", 20, "B"));
  write(path("p/02.patch"), patch("Re: [PATCH 3/72] a", 10, "A"));
  write(path("p/03.patch"), patch("[PATCH 0/1] c", 30, "C"));
  write(path("p/04.patch"), patch("[PATCH 1/2] d", 36, "D"));
  write(path("p/.hidden.patch"), "garbage");
  write(path("p/05.txt"), patch("[PATCH] not named as a patch", 15, "E"));
  const auto s = apply(directory(path("p")));
  ASSERT_EQ(s.patches.size(), 4U);
  EXPECT_EQ(s.patches[0].subject, "b");
  EXPECT_EQ(s.patches[3].subject, "d");
  EXPECT_THAT(s.notices, ElementsAre(HasSubstr("05.txt contains a diff but is not applied")));
  write(path("q/1.patch"), patch("[PATCH 2/2] b", 20, "B"));
  write(path("q/2.patch"), patch("[PATCH 1/2] a", 10, "A"));
  EXPECT_THAT(apply(directory(path("q"))).notices, ElementsAre(HasSubstr("differs from the patch numbers")));
}

TEST_F(SeriesTest, WhatBearsTheNameOfAPatchIsAppliedOrRefused) {
  write(path("p/1.patch"), patch("[PATCH] a", 10, "A"));
  fs::create_symlink("/nonexistent", path("p/2.patch"));
  EXPECT_THAT(error(directory(path("p"))).message,
              HasSubstr("p/2.patch: expected a patch, got a dangling symbolic link"));
  fs::remove(path("p/2.patch"));
  write(path("p/2.patch/x"), patch("[PATCH] b", 20, "B"));
  EXPECT_THAT(error(directory(path("p"))).message, HasSubstr("p/2.patch: expected a patch, got a directory"));
  fs::remove_all(path("p/2.patch"));
  write(path("p/2.PATCH"), patch("[PATCH] b", 20, "B"));
  EXPECT_EQ(apply(directory(path("p"))).patches.size(), 2U);
}

TEST_F(SeriesTest, WhatIsNotTakenFromADirectoryIsNamed) {
  write(path("p/1.patch"), patch("[PATCH] a", 10, "A"));
  write_packed(path("p/2-b.gz"), patch("[PATCH] b", 20, "B"));
  write(path("p/more/3.patch"), patch("[PATCH] c", 30, "C"));
  write(path("p/more/README"), "nothing");
  EXPECT_THAT(apply(directory(path("p"))).notices,
              ElementsAre(HasSubstr("p/more contains 1 patch, which is not applied"),
                          HasSubstr("p/2-b.gz contains a diff but is not applied: it is not named")));
  fs::remove(path("p/1.patch"));
  const Error none = error(directory(path("p")));
  EXPECT_THAT(none.message, HasSubstr("contains no patch"));
  EXPECT_THAT(none.hint, HasSubstr("p/more contains 1 patch"));
  EXPECT_THAT(none.hint, HasSubstr("p/2-b.gz contains a diff"));
  write(path("p/1.patch"), "words\n");
  EXPECT_THAT(error(directory(path("p"))).hint, HasSubstr("p/2-b.gz contains a diff"));
}

TEST_F(SeriesTest, MailboxesThatAreASeriesTogether) {
  const std::string one = patch("[PATCH 1/3] a", 10, "A");
  const std::string two = patch("[PATCH 2/3] b", 20, "B");
  const std::string three = patch("[PATCH 3/3] c", 30, "C");
  write(path("p/a.mbox"), two + one);
  write(path("p/b.mbx"), three);
  write(path("q/0001-a.patch"), one);
  write(path("q/rest.mbox"), three + two);
  for (const char* dir : {"p", "q"}) {
    const auto s = apply(directory(path(dir)));
    ASSERT_EQ(s.patches.size(), 3U) << dir;
    EXPECT_EQ(s.patches[0].subject, "a") << dir;
    EXPECT_EQ(s.patches[2].subject, "c") << dir;
    EXPECT_THAT(s.notices, ElementsAre()) << dir;
  }
  write(path("q/rest.mbox"), two + patch("[PATCH 4/4] d", 36, "D"));
  const Error e = error(directory(path("q")));
  EXPECT_THAT(e.message, HasSubstr(path("q").string() + ": patch"));
  EXPECT_THAT(e.hint, HasSubstr("make a directory with one *.patch file for each mail"));
  write(path("p/c.patch"), "words\n");
  EXPECT_THAT(error(directory(path("p"))).message, HasSubstr("c.patch: contains no diff"))
      << "is not dropped";
}

TEST_F(SeriesTest, PartsOfAMaildir) {
  const std::string one = patch("[PATCH 1/2] a", 10, "A");
  const std::string two = patch("[PATCH 2/2] b", 20, "B");
  write(path("new/new/1700000001.M1P1.host"), two);
  write(path("new/new/1700000002.M1P1.host"), one);
  write(path("flat/1700000001.M1P1.host"), two);
  write(path("flat/1700000002.M1P1.host"), one);
  write(path("cur/cur/1700000002.M1P1.host:2,S"), one);
  write(path("cur/cur/1700000001.M1P1.host:2,"), two);
  for (const char* dir : {"new", "flat", "cur"}) {
    const auto s = apply(directory(path(dir)));
    ASSERT_EQ(s.patches.size(), 2U) << dir;
    EXPECT_EQ(s.patches[0].subject, "a") << dir;
  }
}

TEST_F(SeriesTest, ARepositoryIsNoSeries) {
  git(dir_.path(), {"init", "--quiet", path("tree").string()});
  git(dir_.path(), {"init", "--quiet", "--bare", path("bare").string()});
  for (const char* dir : {"tree", "bare"}) {
    const Error e = error(directory(path(dir)));
    EXPECT_THAT(e.message, HasSubstr("a git repository, not a series")) << dir;
    EXPECT_THAT(e.hint, HasSubstr(path(dir).string() + ":A..B")) << dir;
  }
  write(path("tree/1.patch"), patch("[PATCH] a", 10, "A"));
  EXPECT_EQ(apply(directory(path("tree"))).patches.size(), 1U);
}

TEST_F(SeriesTest, NothingListedIsDropped) {
  write(path("p/a.patch"), patch("[PATCH] a", 10, "A"));
  write(path("p/b.patch"), "From: A. Developer <dev@example.org>\nSubject: [PATCH 0/3] all\n\nText.\n");
  write(path("p/series"), "a.patch\nb.patch\n");
  EXPECT_THAT(error(directory(path("p"))).message, HasSubstr("b.patch: contains no diff"));
  fs::remove(path("p/series"));
  EXPECT_EQ(apply(directory(path("p"))).patches.size(), 1U) << "a cover letter";
  write(path("p/b.patch"), "From: A. Developer <dev@example.org>\nSubject: [PATCH 2/3] cut off\n\nText.\n");
  EXPECT_THAT(error(directory(path("p"))).message, HasSubstr("b.patch: contains no diff"));
}

TEST_F(SeriesTest, QuiltFolderAboveItsSeriesAndPatchesWithoutPrefix) {
  const std::string plain = patch("x", 20, "Z");
  std::string bare = plain.substr(plain.find("--- a/mm"));
  bare.replace(bare.find("a/mm"), 2, "");
  bare.replace(bare.find("b/mm"), 2, "");
  write(path("tree/patches/two words.patch"), bare);
  write(path("tree/patches/b.patch"), patch("[PATCH] b", 10, "B"));
  write(path("tree/patches/series"), "two words.patch -p0\nb.patch -pab\n");
  const auto s = apply(directory(path("tree")));
  ASSERT_FALSE(s.failure) << to_string(*s.failure);
  ASSERT_EQ(s.patches.size(), 2U);
  EXPECT_THAT(s.patches[0].files, ElementsAre("mm/gup.c"));
}

TEST_F(SeriesTest, CarriageReturnsOfTheFileStay) {
  std::string crlf;
  for (int i = 1; i <= 5; ++i) crlf += "+line " + std::to_string(i) + "\r\n";
  const std::string head = "From: A. Developer <dev@example.org>\nSubject: [PATCH 1/2] dos\n\n---\n";
  const std::string make =
      "diff --git a/dos.inf b/dos.inf\nnew file mode 100644\n--- /dev/null\n+++ b/dos.inf\n"
      "@@ -0,0 +1,5 @@\n" +
      crlf;
  const std::string edit =
      "diff --git a/dos.inf b/dos.inf\n--- a/dos.inf\n+++ b/dos.inf\n@@ -2,3 +2,3 @@\n"
      " line 2\r\n-line 3\r\n+line three\r\n line 4\r\n";
  std::string second = head;
  second.replace(second.find("1/2"), 3, "2/2");
  const std::string sep = "From x Mon Sep 17 00:00:00 2001\n";
  write(path("dos.mbox"), sep + head + make + "\n" + sep + second + edit);
  const auto s = apply(mbox(path("dos.mbox")));
  ASSERT_FALSE(s.failure) << to_string(*s.failure);
  EXPECT_EQ(show(source_, s.patches.at(1).commit, "dos.inf"),
            "line 1\r\nline 2\r\nline three\r\nline 4\r\nline 5\r\n");
}

TEST_F(SeriesTest, PathsThatGitRefuses) {
  const auto change = [&](const std::string& name) {
    write(path("bad.mbox"), "From: A <a@example.org>\nSubject: [PATCH] x\n\n---\ndiff --git a/" + name +
                                " b/" + name + "\nnew file mode 100644\n--- /dev/null\n+++ b/" + name +
                                "\n@@ -0,0 +1 @@\n+x\n");
    return mbox(path("bad.mbox"));
  };
  EXPECT_THAT(error(change("../x")).message, HasSubstr("names '../x', which is not a path in the tree"));
  EXPECT_THAT(error(change(".git/hooks/x")).message, HasSubstr("'.git/hooks/x'"));
  for (const char* name : {"Makefile/x", "mm"}) {
    const auto s = apply(change(name));
    ASSERT_TRUE(s.failure) << name;
    EXPECT_EQ(s.failure->why, Misfit::wrong_kind) << s.failure->detail;
  }
}

TEST_F(SeriesTest, APatchThatChangesNothingIsRefused) {
  write(path("twice.mbox"), patch("[PATCH 1/2] a", 10, "A") + patch("[PATCH 2/2] a again", 10, "A"));
  // A three-way merge of the same change finds nothing to do; without blobs it does not apply at all.
  const auto s = apply_series(source_, mbox(path("twice.mbox")), ctx_);
  ASSERT_TRUE(s.has_value());
  EXPECT_TRUE(s->failure);
}

TEST_F(SeriesTest, BaseCommitIsNamed) {
  write(path("b.mbox"), patch("[PATCH] a", 10, "A") + "base-commit: " + std::string(40, 'a') + "\n");
  EXPECT_THAT(apply(mbox(path("b.mbox"))).notices,
              ElementsAre(HasSubstr("made on base-commit aaaaaaaaaaaa")));
}

TEST_F(SeriesTest, PrerequisitesThatTheBaseHasNotGotAreNamedByNumber) {
  const std::string unknown(40, 'b');
  write(path("first.mbox"), patch("[PATCH] a", 10, "A"));
  const auto first = apply(mbox(path("first.mbox")));
  ASSERT_EQ(first.patches.size(), 1U);
  const std::string wanted =
      "prerequisite-patch-id: " + first.patches[0].patch_id + "\nprerequisite-patch-id: " + unknown + "\n";
  write(path("second.mbox"), patch("[PATCH] b", 30, "B") + wanted);
  EXPECT_THAT(apply(mbox(path("second.mbox"))).notices,
              ElementsAre(HasSubstr("2 of 2 prerequisite patches not found among the last commits of small: "
                                    "prerequisite 1 (")));
  source_.commit = first.patches[0].commit;
  source_.tree = first.patches[0].tree;
  EXPECT_THAT(apply(mbox(path("second.mbox"))).notices,
              ElementsAre(HasSubstr("1 of 2 prerequisite patches not found among the last commits of small: "
                                    "prerequisite 2 (bbbbbbbbbbbb)")));
}

TEST_F(SeriesTest, TheMailsOfASeriesIdentifyIt) {
  const auto s = apply(testdata("shuffled-v3-with-cover-and-replies.mbox"));
  EXPECT_EQ(s.identity.version, 3);
  EXPECT_EQ(s.identity.message_ids.size(), 3U);
  EXPECT_EQ(apply(testdata("shuffled-v3-with-cover-and-replies.mbox")).identity.change_id,
            s.identity.change_id)
      << "also when the series was applied before";
}

TEST_F(SeriesTest, WhiteSpaceDamageIsNamed) {
  auto files = kernel_files();
  files["top-6.12/mm/gup.c"].content = "\tone\n\ttwo\n\tthree\n";
  write_tarball(path("tabs.tar"), files);
  const auto tabs = import_base(tarball_base(path("tabs.tar")), ctx_);
  ASSERT_TRUE(tabs.has_value());
  source_ = *tabs;
  write(path("spaces.mbox"),
        "From: A <a@example.org>\nSubject: [PATCH] x\n\n---\ndiff --git a/mm/gup.c b/mm/gup.c\n"
        "--- a/mm/gup.c\n+++ b/mm/gup.c\n@@ -1,3 +1,3 @@\n         one\n-        two\n"
        "+        2\n         three\n");
  const auto s = apply(mbox(path("spaces.mbox")));
  ASSERT_TRUE(s.failure);
  EXPECT_EQ(s.failure->why, Misfit::hunk);
  EXPECT_THAT(s.failure->hint, HasSubstr("only whitespace differs"));
}

TEST_F(SeriesTest, DirectoriesWithoutPatches) {
  fs::create_directories(path("none"));
  EXPECT_THAT(error(directory(path("none"))).message, HasSubstr("contains no patch"));
  EXPECT_THAT(error(directory(path("nowhere"))).message, HasSubstr("no such directory"));
}

TEST_F(SeriesTest, NewDeletedRenamedAndModeChanged) {
  write(path("one.mbox"),
        "From: A. Developer <dev@example.org>\nSubject: [PATCH] many kinds\n\n---\n"
        "diff --git a/new/file.sh b/new/file.sh\nnew file mode 100755\n--- /dev/null\n+++ b/new/file.sh\n@@ "
        "-0,0 +1 @@\n+hello\n"
        "diff --git a/zz/hard b/zz/soft\nsimilarity index 100%\nrename from zz/hard\nrename to zz/soft\n"
        "diff --git a/scripts/run.sh b/scripts/run.sh\nold mode 100755\nnew mode 100644\n"
        "diff --git a/empty b/empty\ndeleted file mode 100644\n");
  const auto s = apply(mbox(path("one.mbox")));
  ASSERT_FALSE(s.failure) << s.failure->detail;
  EXPECT_THAT(s.patches.at(0).files,
              ElementsAre("empty", "new/file.sh", "scripts/run.sh", "zz/hard", "zz/soft"));
  EXPECT_EQ(show(source_, s.patches[0].commit, "zz/soft"), numbered_lines(40));
  const std::string tree = git(source_.repo, {"ls-tree", "-r", s.patches[0].commit});
  EXPECT_THAT(tree, ::testing::Not(HasSubstr("empty")));
  EXPECT_THAT(tree, ::testing::ContainsRegex("100755 blob [0-9a-f]+\tnew/file.sh"));
  EXPECT_THAT(tree, ::testing::ContainsRegex("100644 blob [0-9a-f]+\tscripts/run.sh"));
}

TEST_F(SeriesTest, UsersConfigurationDoesNotMatter) {
  const auto expected = apply(testdata("shuffled-v3-with-cover-and-replies.mbox"));
  write(path("home/.gitconfig"),
        "[apply]\n\twhitespace = error-all\n[user]\n\tname = Somebody\n[core]\n\tautocrlf = true\n");
  const char* home = std::getenv("HOME");
  const std::string before = home != nullptr ? home : "";
  ::setenv("HOME", path("home").c_str(), 1);
  ::setenv("GIT_DIR", "/nonexistent", 1);
  ctx_.cache = path("another-cache");
  source_ = small();
  const auto s = apply(testdata("shuffled-v3-with-cover-and-replies.mbox"));
  ::setenv("HOME", before.c_str(), 1);
  ::unsetenv("GIT_DIR");
  ASSERT_EQ(s.patches.size(), 3U);
  EXPECT_EQ(s.patches[2].commit, expected.patches.at(2).commit);
}

TEST_F(SeriesTest, Cancelled) {
  cancel_.request();
  const auto r = apply_series(source_, testdata("for-another-base.mbox"), ctx_);
  ASSERT_TRUE(r.has_error());
  EXPECT_EQ(r.error().kind, ErrorKind::cancelled);
}

}  // namespace
}  // namespace pinrig::git
