// SPDX-License-Identifier: GPL-2.0
#include "git/import.h"

#include "git/testing.h"

namespace pinrig::git {
namespace {

using ::testing::HasSubstr;

class ImportTest : public SourceTest {
 protected:
  Error import_error(const model::KernelBase& base) {
    auto r = import_base(base, ctx_);
    EXPECT_TRUE(r.has_error());
    return r.has_error() ? r.error() : Error{};
  }
  /// Entries of the cache's sources directory whose name says that they were not published.
  int unfinished() const {
    int n = 0;
    for (const auto& e : fs::directory_iterator(ctx_.cache / "sources"))
      n += e.path().filename().string().starts_with(".unfinished") ? 1 : 0;
    return n;
  }
  /// A git repository with a kernel-like file and commits "1" .. "count", each tagged "vN".
  fs::path make_repo(int count) {
    const fs::path repo = path("user");
    fs::create_directories(repo);
    git(repo, {"init", "--quiet", "--initial-branch=main"});
    for (int i = 1; i <= count; ++i) {
      write(repo / "Makefile", "VERSION = 6\nPATCHLEVEL = " + std::to_string(i) + "\nSUBLEVEL = 0\n");
      git(repo, {"add", "-A"});
      git(repo, {"commit", "--quiet", "-m", std::to_string(i)});
      git(repo, {"tag", "v" + std::to_string(i)});
    }
    return repo;
  }
  static model::KernelBase git_base(const std::string& url, const std::string& rev) {
    model::KernelBase base;
    base.name = "fromgit";
    base.source = model::KernelBase::Git{url, rev};
    return base;
  }
};

TEST_F(ImportTest, TarballKeepsModesLinksAndNames) {
  const Source s = small();
  EXPECT_EQ(s.name, "small");
  EXPECT_EQ(s.version, "6.12.117");
  EXPECT_EQ(show(s, s.commit, "mm/gup.c"), numbered_lines(40));
  EXPECT_EQ(show(s, s.commit, "zz/hard"), numbered_lines(40));
  EXPECT_EQ(show(s, s.commit, "dir/link"), "../mm/gup.c");
  EXPECT_EQ(show(s, s.commit, "odd \"name\"/\xc3\xbc.txt"), "odd\n");
  EXPECT_EQ(show(s, s.commit, "empty"), "");
  const std::string list = git(s.repo, {"ls-tree", "-r", s.commit});
  EXPECT_THAT(list, HasSubstr("100755 blob"));
  EXPECT_THAT(list, HasSubstr("120000 blob"));
}

TEST_F(ImportTest, SameContentIsTheSameCommitWhateverTheCompression) {
  const Source xz = small();
  write_tarball(path("other.tar.gz"), kernel_files());
  const auto gz = import_base(tarball_base(path("other.tar.gz")), ctx_);
  ASSERT_TRUE(gz.has_value());
  EXPECT_EQ(gz->commit, xz.commit);
  EXPECT_NE(gz->repo, xz.repo);
}

TEST_F(ImportTest, SecondCallOnlyLooks) {
  const Source first = small();
  int reports = 0;
  ctx_.progress = [&](const Progress&) { ++reports; };
  const auto again = import_base(tarball_base(path("small.tar.xz")), ctx_);
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->commit, first.commit);
  EXPECT_EQ(reports, 0);
  // Changed content is another source, though path and name are the same.
  auto files = kernel_files();
  files["top-6.12/mm/gup.c"].content += "more\n";
  write_tarball(path("small.tar.xz"), files);
  const auto changed = import_base(tarball_base(path("small.tar.xz")), ctx_);
  ASSERT_TRUE(changed.has_value());
  EXPECT_NE(changed->commit, first.commit);
  EXPECT_GT(reports, 0);
}

TEST_F(ImportTest, TarballCutShortLeavesNothing) {
  auto files = kernel_files();
  std::string noise;
  for (unsigned i = 0, x = 1; i < 200000; ++i)
    noise += static_cast<char>((x = x * 1103515245U + 12345U) >> 16);
  files["top-6.12/noise"].content = noise;
  for (const char* name : {"cut.tar.xz", "cut.tar.gz", "cut.tar"}) {
    write_tarball(path(name), files);
    fs::resize_file(path(name), fs::file_size(path(name)) / 2);
    const Error e = import_error(tarball_base(path(name)));
    EXPECT_EQ(e.kind, ErrorKind::bad_input) << e.message;
    EXPECT_THAT(e.message, HasSubstr("truncated"));
    EXPECT_THAT(e.message, HasSubstr(name));
  }
  EXPECT_EQ(unfinished(), 0);
}

TEST_F(ImportTest, LeftoversOfAKilledImportAreRemoved) {
  const Source s = small();
  const fs::path left = s.repo.parent_path() / (".unfinished-" + s.repo.filename().string() + "-abc");
  fs::create_directories(left / "objects");
  fs::remove_all(s.repo);
  EXPECT_EQ(small().commit, s.commit);
  EXPECT_FALSE(fs::exists(left));
}

TEST_F(ImportTest, WhatIsNoKernelTarball) {
  write(path("page.tar.xz"), "<html>404</html>");
  EXPECT_EQ(import_error(tarball_base(path("page.tar.xz"))).kind, ErrorKind::bad_input);
  EXPECT_EQ(import_error(tarball_base(path("missing.tar.xz"))).kind, ErrorKind::bad_input);
  write_tarball(path("two.tar"), {{"a/x", {"x", 0644, "", ""}}, {"b/y", {"y", 0644, "", ""}}});
  EXPECT_THAT(import_error(tarball_base(path("two.tar"))).message, HasSubstr("two top directories"));
  write_tarball(path("flat.tar"), {{"Makefile", {"VERSION = 6\n", 0644, "", ""}}});
  EXPECT_THAT(import_error(tarball_base(path("flat.tar"))).message, HasSubstr("not inside a top directory"));
  write_tarball(path("dots.tar"), {{"a/../../x", {"x", 0644, "", ""}}});
  EXPECT_THAT(import_error(tarball_base(path("dots.tar"))).message, HasSubstr("git cannot store"));
  write_tarball(path("other.tar"), {{"a/README", {"not a kernel", 0644, "", ""}}});
  EXPECT_THAT(import_error(tarball_base(path("other.tar"))).message, HasSubstr("not a kernel source"));
  EXPECT_EQ(unfinished(), 0);
}

TEST_F(ImportTest, TooLittleSpaceIsSaidBeforeAnythingIsRead) {
  write(path("huge.tar"), "");
  fs::resize_file(path("huge.tar"), std::uintmax_t{8} << 40);  // sparse
  const Error e = import_error(tarball_base(path("huge.tar")));
  EXPECT_EQ(e.kind, ErrorKind::disk_full);
  EXPECT_THAT(e.hint, HasSubstr("PINRIG_CACHE"));
}

TEST_F(ImportTest, CacheThatCannotBeWritten) {
  write(path("file"), "");
  ctx_.cache = path("file") / "cache";
  EXPECT_EQ(import_error(tarball_base(path("any.tar"))).kind, ErrorKind::infra);
}

TEST_F(ImportTest, CancelledImportLeavesNothing) {
  write_tarball(path("small.tar.xz"), kernel_files());
  ctx_.progress = [&](const Progress&) { cancel_.request(); };
  EXPECT_EQ(import_error(tarball_base(path("small.tar.xz"))).kind, ErrorKind::cancelled);
  EXPECT_EQ(unfinished(), 0);
}

TEST_F(ImportTest, DebianPackageThatIsNotInstalled) {
  model::KernelBase base;
  base.name = "debian-0.0";
  base.where = {"kernels/debian-0.0.yaml", 3, 1};
  base.source = model::KernelBase::Debian{"linux-source-0.0", ""};
  const Error e = import_error(base);
  EXPECT_EQ(e.kind, ErrorKind::missing_tool);
  EXPECT_EQ(e.hint, "apt install linux-source-0.0");
  EXPECT_THAT(e.message, HasSubstr("kernels/debian-0.0.yaml:3:1"));
  write_tarball(path("linux-source-9.9.tar.gz"), kernel_files());
  EXPECT_EQ(*debian_tarball("linux-source-9.9", dir_.path()), path("linux-source-9.9.tar.gz"));
  EXPECT_EQ(debian_tarball("../etc/passwd", dir_.path()).error().kind, ErrorKind::bad_input);
}

TEST_F(ImportTest, LocalRepositoryIsBorrowedNotCopied) {
  const fs::path repo = make_repo(3);
  const auto s = import_base(git_base(repo.string(), "v3~1"), ctx_);
  ASSERT_TRUE(s.has_value()) << s.error().message;
  EXPECT_EQ(s->version, "6.2.0");
  EXPECT_EQ(s->commit, git(repo, {"rev-parse", "v2"}));
  EXPECT_TRUE(fs::exists(s->repo / "objects/info/alternates"));
  // A branch that moved on is another base, in the same repository of ours.
  const auto tip = import_base(git_base(repo.string(), "main"), ctx_);
  ASSERT_TRUE(tip.has_value());
  EXPECT_EQ(tip->version, "6.3.0");
  EXPECT_EQ(tip->repo, s->repo);
}

TEST_F(ImportTest, ABaseThatTheCloneCollectsIsStillThere) {
  const fs::path repo = make_repo(2);
  git(repo, {"checkout", "--quiet", "-b", "topic"});
  write(repo / "mm/gup.c", "of the topic\n");
  git(repo, {"add", "-A"});
  git(repo, {"commit", "--quiet", "-m", "topic"});
  const auto s = import_base(git_base(repo.string(), "topic"), ctx_);
  ASSERT_TRUE(s.has_value()) << s.error().message;
  git(repo, {"checkout", "--quiet", "main"});
  git(repo, {"branch", "--quiet", "-D", "topic"});
  git(repo, {"reflog", "expire", "--expire=now", "--all"});
  git(repo, {"gc", "--quiet", "--prune=now"});
  EXPECT_EQ(show(*s, s->commit, "mm/gup.c"), "of the topic\n");
  EXPECT_EQ(show(*s, s->commit, "Makefile"), "VERSION = 6\nPATCHLEVEL = 2\nSUBLEVEL = 0\n");
  const auto tree = checkout(*s, s->commit, "topic", ctx_);
  EXPECT_TRUE(tree.has_value()) << tree.error().message;
}

TEST_F(ImportTest, UrlIsFetchedWithoutHistory) {
  const fs::path repo = make_repo(3);
  const std::string url = "file://" + repo.string();
  for (const std::string rev : {"v2", "main"}) {
    const auto s = import_base(git_base(url, rev), ctx_);
    ASSERT_TRUE(s.has_value()) << s.error().message;
    EXPECT_EQ(s->commit, git(repo, {"rev-parse", rev + "^{commit}"}));
  }
  // A tag is not asked for again: the other side may be gone.
  fs::rename(repo, path("moved"));
  EXPECT_TRUE(import_base(git_base(url, "v2"), ctx_).has_value());
  EXPECT_EQ(import_error(git_base(url, "main")).kind, ErrorKind::bad_input);
}

TEST_F(ImportTest, RevisionThatDoesNotExistIsNamed) {
  const fs::path repo = make_repo(1);
  for (const auto& url : {repo.string(), "file://" + repo.string()}) {
    const Error e = import_error(git_base(url, "v99"));
    EXPECT_EQ(e.kind, ErrorKind::bad_input) << e.message;
    EXPECT_THAT(e.message, HasSubstr("no revision 'v99'"));
    EXPECT_FALSE(e.hint.empty());
  }
  EXPECT_EQ(import_error(git_base(repo.string(), "--help")).kind, ErrorKind::bad_input);
  EXPECT_EQ(import_error(git_base(path("nowhere").string(), "v1")).kind, ErrorKind::bad_input);
  fs::create_directories(path("plain"));
  EXPECT_THAT(import_error(git_base(path("plain").string(), "v1")).message,
              HasSubstr("not a git repository"));
}

TEST_F(ImportTest, ShowFileOfAMissingPath) {
  const Source s = small();
  const auto r = show_file(s, s.commit, "no/such.c", ctx_);
  ASSERT_TRUE(r.has_error());
  EXPECT_EQ(r.error().kind, ErrorKind::bad_input);
}

TEST(VersionOfMakefile, ReadsTheTopOfAKernelMakefile) {
  EXPECT_EQ(version_of_makefile("VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 0\n"), "6.1.0");
  EXPECT_EQ(version_of_makefile("VERSION=4\nPATCHLEVEL\t= 4\n"), "4.4");
  EXPECT_EQ(version_of_makefile("VERSIONS = 6\nPATCHLEVEL = 1\n"), "");
  EXPECT_EQ(version_of_makefile(""), "");
}

}  // namespace
}  // namespace pinrig::git
