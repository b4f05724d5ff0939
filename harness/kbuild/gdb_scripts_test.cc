// SPDX-License-Identifier: GPL-2.0
#include "kbuild/gdb_scripts.h"

#include <gtest/gtest.h>

namespace pinrig::kbuild {
namespace {

TEST(GdbScripts, AreMadeWhereTheConfigurationHasThem) {
  EXPECT_TRUE(has_gdb_scripts("CONFIG_DEBUG_INFO=y\nCONFIG_GDB_SCRIPTS=y\n"));
  EXPECT_FALSE(has_gdb_scripts("CONFIG_DEBUG_INFO=y\n# CONFIG_GDB_SCRIPTS is not set\n"));
  EXPECT_FALSE(has_gdb_scripts(""));
}

class CopyGdbScripts : public testing::Test {
 protected:
  void put(const fs::path& file, const std::string& text) {
    ASSERT_TRUE(make_dirs(file.parent_path()).has_value());
    ASSERT_TRUE(write_file_atomic(file, text).has_value());
  }
  TempDir dir_ = TempDir::create(fs::temp_directory_path(), "gdb-scripts-").value();
  fs::path tree_ = dir_.path() / "tree", objects_ = dir_.path() / "objects", to_ = dir_.path() / "artifact";
};

TEST_F(CopyGdbScripts, LinksBecomeFiles) {
  put(tree_ / "vmlinux-gdb.py", "import linux.modules\n");
  put(tree_ / "modules.py", "lx-symbols\n");
  put(objects_ / "scripts/gdb/linux/constants.py", "LX_SB_RDONLY = 1\n");
  put(objects_ / "scripts/gdb/linux/.constants.py.cmd", "cmd\n");
  put(to_ / "vmlinux", "elf");
  fs::create_symlink(tree_ / "vmlinux-gdb.py", objects_ / "vmlinux-gdb.py");
  fs::create_symlink(tree_ / "modules.py", objects_ / "scripts/gdb/linux/modules.py");
  ASSERT_TRUE(copy_gdb_scripts(objects_, to_).has_value());
  fs::remove_all(tree_);
  EXPECT_EQ(read_file(to_ / "vmlinux-gdb.py").value(), "import linux.modules\n");
  EXPECT_EQ(read_file(to_ / "scripts/gdb/linux/modules.py").value(), "lx-symbols\n");
  EXPECT_EQ(read_file(to_ / "scripts/gdb/linux/constants.py").value(), "LX_SB_RDONLY = 1\n");
  EXPECT_FALSE(fs::exists(to_ / "scripts/gdb/linux/.constants.py.cmd"));
}

TEST_F(CopyGdbScripts, NothingWhereThereAreNone) {
  put(to_ / "vmlinux", "elf");
  ASSERT_TRUE(copy_gdb_scripts(objects_, to_).has_value());
  EXPECT_FALSE(fs::exists(to_ / "scripts"));
}

TEST_F(CopyGdbScripts, ALinkThatLeadsNowhereIsAnError) {
  put(to_ / "vmlinux", "elf");
  put(objects_ / "vmlinux-gdb.py", "x\n");
  put(objects_ / "scripts/gdb/linux/constants.py", "x\n");
  fs::create_symlink(tree_ / "gone.py", objects_ / "scripts/gdb/linux/gone.py");
  const auto copied = copy_gdb_scripts(objects_, to_);
  ASSERT_TRUE(copied.has_error());
  EXPECT_NE(copied.error().message.find("gone.py"), std::string::npos);
}

}  // namespace
}  // namespace pinrig::kbuild
