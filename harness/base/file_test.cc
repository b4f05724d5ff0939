// SPDX-License-Identifier: GPL-2.0
#include "base/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "base/hash.h"

namespace pinrig {
namespace {

TempDir temp() { return TempDir::create(fs::temp_directory_path(), "pinrig-base-").value(); }

TEST(File, AtomicWriteReplacesWholeAndLeavesNoTemporary) {
  const TempDir dir = temp();
  const fs::path f = dir.path() / "a";
  ASSERT_TRUE(write_file_atomic(f, "one").has_value());
  ASSERT_TRUE(write_file_atomic(f, "two").has_value());
  EXPECT_EQ(read_file(f).value(), "two");
  EXPECT_EQ(std::distance(fs::directory_iterator(dir.path()), fs::directory_iterator()), 1);
}

TEST(File, AClaimedDirectoryIsNobodyElses) {
  const TempDir dir = temp();
  int asked = 0;
  const auto name = [&] { return "run-" + std::to_string(asked++ / 3); };
  EXPECT_EQ(claim_dir(dir.path(), name).value().filename(), "run-0");
  EXPECT_EQ(claim_dir(dir.path(), name).value().filename(), "run-1") << "run-0 was there, twice";
  EXPECT_EQ(asked, 4);
  EXPECT_TRUE(claim_dir(dir.path(), [] { return std::string("run-0"); }).has_error());
}

TEST(File, UniqueFilesNeverMeet) {
  const TempDir dir = temp();
  const fs::path logs = dir.path() / "logs";
  const auto a = create_unique(logs, "tip-", ".build.log").value();
  const auto b = create_unique(logs, "tip-", ".build.log").value();
  EXPECT_NE(a, b);
  EXPECT_TRUE(a.filename().string().starts_with("tip-") && a.string().ends_with(".build.log"));
  EXPECT_TRUE(fs::exists(a) && fs::exists(b));
}

TEST(File, PublishingMovesFilesAndDirectories) {
  const TempDir dir = temp();
  ASSERT_TRUE(make_dirs(dir.path() / "partial" / "below").has_value());
  ASSERT_TRUE(write_file_atomic(dir.path() / "partial" / "below" / "f", "x").has_value());
  ASSERT_TRUE(publish(dir.path() / "partial", dir.path() / "whole").has_value());
  EXPECT_EQ(read_file(dir.path() / "whole" / "below" / "f").value(), "x");
  EXPECT_FALSE(fs::exists(dir.path() / "partial"));
  EXPECT_TRUE(publish(dir.path() / "partial", dir.path() / "other").has_error());
  ASSERT_TRUE(write_file_atomic(dir.path() / "file", "y").has_value());
  ASSERT_TRUE(publish(dir.path() / "file", dir.path() / "placed").has_value());
  EXPECT_EQ(read_file(dir.path() / "placed").value(), "y");
}

TEST(File, AFullDiskIsToldApart) {
  EXPECT_EQ(errno_error("writing x", ENOSPC).kind, ErrorKind::disk_full);
  EXPECT_FALSE(errno_error("writing x", ENOSPC).hint.empty());
  EXPECT_EQ(errno_error("writing x", EIO).kind, ErrorKind::infra);
}

TEST(File, ReadNamesTheMissingFile) {
  const auto r = read_file("/nonexistent/file.yaml");
  ASSERT_TRUE(r.has_error());
  EXPECT_EQ(r.error().kind, ErrorKind::bad_input);
  EXPECT_NE(r.error().message.find("/nonexistent/file.yaml"), std::string::npos);
}

TEST(TempDirTest, RemovedUnlessKept) {
  fs::path gone;
  fs::path kept;
  {
    TempDir a = temp();
    TempDir b = temp();
    gone = a.path();
    kept = b.keep();
  }
  EXPECT_FALSE(fs::exists(gone));
  EXPECT_TRUE(fs::exists(kept));
  fs::remove_all(kept);
}

TEST(Hash, KnownAnswerAndFieldsDoNotRunTogether) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_NE(Sha256().field("ab").field("c").hex(), Sha256().field("a").field("bc").hex());
}

TEST(File, ASparseCopyHasTheDataAndTheHoles) {
  const auto dir = TempDir::create(fs::temp_directory_path(), "file-test-");
  ASSERT_TRUE(dir.has_value());
  const fs::path from = dir->path() / "from";
  const fs::path to = dir->path() / "to";
  constexpr std::uintmax_t size = 64 << 20;
  ASSERT_TRUE(write_file_atomic(from, "head").has_value());
  fs::resize_file(from, size / 2);
  std::ofstream(from, std::ios::app) << "middle";
  fs::resize_file(from, size);
  ASSERT_TRUE(write_file_atomic(to, std::string(100, 'x')).has_value());
  ASSERT_TRUE(copy_sparse(from, to).has_value());
  EXPECT_EQ(read_file(from).value(), read_file(to).value());
  struct stat copy {};
  ASSERT_EQ(::stat(to.c_str(), &copy), 0);
  EXPECT_LT(copy.st_blocks * 512, 1 << 20);
  EXPECT_TRUE(copy_sparse(dir->path() / "none", to).has_error());
}

}  // namespace
}  // namespace pinrig
