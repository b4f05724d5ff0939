// SPDX-License-Identifier: GPL-2.0
#include "kbuild/objdir.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <map>

namespace pinrig::kbuild {
namespace {

class ObjdirTest : public testing::Test {
 protected:
  void SetUp() override {
    auto dir = TempDir::create(fs::temp_directory_path(), "objdir-");
    ASSERT_TRUE(dir.has_value());
    dir_.emplace(std::move(dir).value());
  }

  /// `at`: seconds on a clock of the test's own.
  void put(const std::string& name, const std::string& text, int at) {
    const fs::path path = objdir() / name;
    fs::create_directories(path.parent_path());
    ASSERT_TRUE(write_file_atomic(path, text).has_value());
    const timespec times[2] = {{1000000 + at, 0}, {1000000 + at, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  }
  void put_compiled(const std::string& dir, const std::string& object, int at) {
    put(dir + "/" + object, "ELF", at);
    put(dir + "/." + object + ".cmd",
        "savedcmd_x := gcc\n\nsource_x := x.c\n\ndeps_x := \\\n\nx: $(deps_x)\n\n$(deps_x):\n", at + 1);
  }
  bool there(const std::string& name) const { return fs::exists(objdir() / name); }
  const fs::path& objdir() const { return dir_->path(); }

 private:
  std::optional<TempDir> dir_;
};

TEST_F(ObjdirTest, OrderlyBuildLeavesEverything) {
  put("mm/gup.o", "ELF", 50);  // newer than its .cmd
  put("mm/.gup.o.cmd", "savedcmd_mm/gup.o := gcc\n", 40);
  ASSERT_TRUE(begin_build(objdir()).has_value());
  EXPECT_TRUE(there("mm/gup.o"));
  end_build(objdir());
  EXPECT_FALSE(there("pinrig-building"));
  EXPECT_EQ(begin_build(objdir()).value(), 0);
}

TEST_F(ObjdirTest, KilledBuildLosesOnlyWhatMayBeHalfWritten) {
  put("pinrig-building", "", 30);
  put_compiled("mm", "objtool.o", 40);
  put("mm/.objtool.o.cmd",
      "savedcmd_x := gcc\n\nsource_x := x.c\n\ndeps_x := \\\n\nx: $(deps_x)\n\n$(deps_x):\n\n"
      "x: $(wildcard ./tools/objtool/objtool)\n",
      41);
  put_compiled("mm", "old.o", 10);        // from a build before
  put_compiled("mm", "finished.o", 40);   // by the killed one, to the end
  put_compiled("mm", "truncated.o", 10);  // compiled again when the kill came: newer than its .cmd
  put("mm/truncated.o", "EL", 41);
  put_compiled("mm", "cut_cmd.o", 40);
  put("mm/.cut_cmd.o.cmd", "savedcmd_x := gcc\n\nsource_x := x.c\n\ndeps_x := \\\n  /usr/inc", 41);
  const auto removed = begin_build(objdir());
  ASSERT_TRUE(removed.has_value());
  EXPECT_EQ(*removed, 2);
  EXPECT_TRUE(there("mm/old.o"));
  EXPECT_TRUE(there("mm/finished.o"));
  EXPECT_TRUE(there("mm/objtool.o"));
  EXPECT_FALSE(there("mm/truncated.o"));
  EXPECT_FALSE(there("mm/cut_cmd.o"));
  EXPECT_FALSE(there("mm/.cut_cmd.o.cmd"));
}

TEST_F(ObjdirTest, ObjectsOfTheSeriesAreForgotten) {
  put("block/bio.o", "ELF", 1);
  put("block/blk.o", "ELF", 1);
  put("block/bio.gcno", "oncg", 1);
  forget_objects(objdir(), {"block/bio.c", "include/linux/bio.h", "block/gone.c"});
  EXPECT_FALSE(there("block/bio.o"));
  EXPECT_FALSE(there("block/bio.gcno"));
  EXPECT_TRUE(there("block/blk.o"));
}

TEST_F(ObjdirTest, StepsAreRememberedByKindOfBuild) {
  EXPECT_GT(expected_steps(objdir(), model::Arch::x86_64, true), 1000);
  EXPECT_EQ(expected_steps(objdir(), model::Arch::x86_64, false), 0);
  remember_steps(objdir(), false, 12);
  EXPECT_EQ(expected_steps(objdir(), model::Arch::x86_64, false), 12);
  remember_steps(objdir(), true, 2000);
  EXPECT_EQ(expected_steps(objdir(), model::Arch::aarch64, true), 2000);
}

TEST_F(ObjdirTest, UnreadableFigureIsUnknown) {
  put("pinrig-steps-incremental", "many\n", 1);
  EXPECT_EQ(expected_steps(objdir(), model::Arch::x86_64, false), 0);
}

}  // namespace
}  // namespace pinrig::kbuild
