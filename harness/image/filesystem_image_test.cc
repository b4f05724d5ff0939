// SPDX-License-Identifier: GPL-2.0
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "image/testing.h"

namespace pinrig::image {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

using FilesystemImageTest = ImageTest;

TEST_F(FilesystemImageTest, MadeOnceOnASparseFileOfThatSize) {
  fake("mke2fs", "echo \"$*\" >>\"$LOG\"");
  const fs::path image = filesystem_image("ext4", 64, ctx_).value();
  EXPECT_EQ(filesystem_image("ext4", 64, ctx_).value(), image);
  struct stat st = {};
  ASSERT_EQ(::stat(image.c_str(), &st), 0);
  EXPECT_EQ(st.st_size, off_t{64} << 20);
  EXPECT_LT(st.st_blocks, 64);
  const std::string calls = get(log());
  EXPECT_EQ(std::count(calls.begin(), calls.end(), '\n'), 1);
  EXPECT_THAT(calls, HasSubstr("-t ext4"));
  EXPECT_THAT(calls, HasSubstr("lazy_itable_init=0"));
  EXPECT_NE(filesystem_image("ext4", 65, ctx_).value(), image);
}

TEST_F(FilesystemImageTest, RealToolSameBytes) {
  ::setenv("PATH", "/usr/bin:/bin", 1);  // as a plain user has it: mke2fs lies in sbin
  auto first = filesystem_image("ext4", 16, ctx_);
  if (first.has_error() && first.error().kind == ErrorKind::missing_tool) GTEST_SKIP() << "no mke2fs here";
  ASSERT_TRUE(first.has_value()) << first.error().message;
  WorkContext other = ctx_;
  other.cache = dir_.path() / "cache2";
  const fs::path second = filesystem_image("ext4", 16, other).value();
  EXPECT_EQ(sha256_file(first.value()).value(), sha256_file(second).value());
  // The magic of the superblock, ext4.h EXT4_SUPER_MAGIC at 1024 + 0x38.
  EXPECT_EQ(get(second).substr(1024 + 0x38, 2), "\x53\xEF");
}

TEST_F(FilesystemImageTest, NoTool) {
  only_fakes();
  auto r = filesystem_image("vfat", 64, ctx_);
  ASSERT_TRUE(r.has_error());
  EXPECT_EQ(r.error().kind, ErrorKind::missing_tool);
  EXPECT_EQ(r.error().hint, "apt-get install dosfstools");
  EXPECT_THAT(names_in(ctx_.cache / "images"), IsEmpty());
}

TEST_F(FilesystemImageTest, FailureLeavesNothing) {
  fake("mke2fs", "echo 'mke2fs: bad option' >&2; exit 1");
  auto r = filesystem_image("ext4", 64, ctx_);
  ASSERT_TRUE(r.has_error());
  EXPECT_EQ(r.error().kind, ErrorKind::infra);
  EXPECT_THAT(r.error().message, HasSubstr("making the ext4 image"));
  EXPECT_THAT(r.error().message, HasSubstr("bad option"));
  EXPECT_THAT(names_in(ctx_.cache / "images"), IsEmpty());
}

TEST_F(FilesystemImageTest, FullDisk) {
  fake("mke2fs", "echo 'mke2fs: No space left on device while writing' >&2; exit 1");
  EXPECT_EQ(filesystem_image("ext4", 64, ctx_).error().kind, ErrorKind::disk_full);
}

TEST_F(FilesystemImageTest, BadRequests) {
  auto unknown = filesystem_image("ext5", 64, ctx_);
  ASSERT_TRUE(unknown.has_error());
  EXPECT_EQ(unknown.error().kind, ErrorKind::bad_input);
  EXPECT_THAT(unknown.error().hint, HasSubstr("ext4, vfat"));
  EXPECT_THAT(filesystem_image("ext4", 0, ctx_).error().message, HasSubstr("0 MiB is too small"));
}

}  // namespace
}  // namespace pinrig::image
