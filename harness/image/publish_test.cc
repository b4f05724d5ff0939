// SPDX-License-Identifier: GPL-2.0
#include "image/publish.h"

#include <gmock/gmock.h>

#include "image/testing.h"

namespace pinrig::image {
namespace {

class PublishTest : public ImageTest {
 protected:
  fs::path target() const { return ctx_.cache / "images/base.cpio"; }
  Result<void> once() {
    return publish_once(target(), ctx_, [this](const fs::path& partial) {
      ++made_;
      return write_file_atomic(partial, "the archive\n");
    });
  }
  void damage(const std::string& text) {
    ASSERT_TRUE(write_file_atomic(target(), text).has_value());
    ASSERT_TRUE(once().has_value());
    EXPECT_EQ(get(target()), "the archive\n");
  }

  int made_ = 0;
};

TEST_F(PublishTest, IsMadeOnce) {
  ASSERT_TRUE(once().has_value());
  ASSERT_TRUE(once().has_value());
  EXPECT_EQ(made_, 1);
}

// As a power loss leaves it, or a disk that is full, or a hand.
TEST_F(PublishTest, AnEmptyShortOrChangedFileIsMadeAgain) {
  ASSERT_TRUE(once().has_value());
  damage("");
  damage("the arch");
  damage("the archivE\n");
  EXPECT_EQ(made_, 4);
}

TEST_F(PublishTest, ATouchedFileIsOnlyReadAgain) {
  ASSERT_TRUE(once().has_value());
  fs::last_write_time(target(), fs::file_time_type::clock::now() - std::chrono::hours(1));
  ASSERT_TRUE(once().has_value());
  EXPECT_EQ(made_, 1);
}

TEST_F(PublishTest, ASiblingOfAnOlderPinrigIsMadeAgain) {
  put(target(), "the archive\n");
  ASSERT_TRUE(once().has_value());
  EXPECT_EQ(made_, 1);
}

TEST_F(PublishTest, WhoHoldsTheLockIsTold) {
  auto held = FileLock::acquire(ctx_.cache / "images/.base.cpio.lock", {});
  ASSERT_TRUE(held.has_value());
  ctx_.progress = [&](const Progress& p) {
    progress_.push_back(p.what);
    held = make_error(ErrorKind::infra, "released");
  };
  ASSERT_TRUE(once().has_value());
  EXPECT_THAT(progress_, testing::Contains("waiting for another task of this run"));
}

}  // namespace
}  // namespace pinrig::image
