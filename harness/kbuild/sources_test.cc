// SPDX-License-Identifier: GPL-2.0
#include "kbuild/sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinrig::kbuild {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// As fixdep of 6.12 writes it; `cmd_` instead of `savedcmd_` before 6.2.
constexpr const char* kBio =
    "savedcmd_block/bio.o := ccache gcc -Wp,-MMD,block/.bio.o.d -c -o block/bio.o ../src/block/bio.c\n"
    "\n"
    "source_block/bio.o := ../src/block/bio.c\n"
    "\n"
    "deps_block/bio.o := \\\n"
    "    $(wildcard include/config/BLK_CGROUP) \\\n"
    "  ../src/include/linux/bio.h \\\n"
    "    $(wildcard include/config/64BIT) \\\n"
    "  include/generated/autoconf.h \\\n"
    "  /usr/lib/gcc/x86_64-linux-gnu/12/include/stdarg.h \\\n"
    "  ../src/block/blk.h \\\n"
    "\n"
    "block/bio.o: $(deps_block/bio.o)\n"
    "\n"
    "$(deps_block/bio.o):\n";

TEST(Sources, OfAnObjectAreItsSourceAndHeaders) {
  EXPECT_THAT(sources_in_cmd(kBio),
              ElementsAre("../src/block/bio.c", "../src/include/linux/bio.h", "include/generated/autoconf.h",
                          "/usr/lib/gcc/x86_64-linux-gnu/12/include/stdarg.h", "../src/block/blk.h"));
  EXPECT_THAT(sources_in_cmd("savedcmd_vmlinux.a := ar cDPrST vmlinux.a deps_x source_y built-in.a\n"),
              IsEmpty());
  EXPECT_THAT(sources_in_cmd(""), IsEmpty());
}

class SourcesTest : public ::testing::Test {
 protected:
  void put(const std::string& name, const std::string& text) const {
    fs::create_directories((objdir() / name).parent_path());
    EXPECT_TRUE(write_file_atomic(objdir() / name, text).has_value());
  }
  fs::path objdir() const { return dir_.path() / "objects"; }
  fs::path source() const { return dir_.path() / "src"; }
  TempDir dir_ = std::move(TempDir::create(fs::temp_directory_path(), "sources-")).value();
};

TEST_F(SourcesTest, OfADirectoryAreThoseOfTheTree) {
  put("block/.bio.o.cmd", kBio);
  put("block/bio.o", "");
  const std::string absolute = (source() / "mm/gup.c").string();
  put("mm/.gup.o.cmd",
      "source_mm/gup.o := " + absolute + "\n\ndeps_mm/gup.o := \\\n  ../src/include/linux/bio.h \\\n\n");
  put("mm/gup.o", "");
  const auto found = sources_of(objdir(), source());
  ASSERT_TRUE(found.has_value());
  EXPECT_THAT(*found, ElementsAre("block/bio.c", "block/blk.h", "include/generated/autoconf.h",
                                  "include/linux/bio.h", "mm/gup.c"));
}

TEST_F(SourcesTest, AnObjectThatIsGoneHasNone) {
  put("block/.bio.o.cmd", kBio);
  EXPECT_THAT(sources_of(objdir(), source()).value(), IsEmpty());
  EXPECT_TRUE(sources_of(dir_.path() / "none", source()).has_error());
}

}  // namespace
}  // namespace pinrig::kbuild
