// SPDX-License-Identifier: GPL-2.0
#include "kbuild/make.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/text.h"

namespace pinrig::kbuild {
namespace {

using testing::Contains;

Tree tree() {
  Tree t;
  t.source = "/c/worktrees/k";
  t.objdir = "/c/build/k-aarch64";
  t.cache = "/c";
  t.arch = model::Arch::aarch64;
  t.toolchain = {"aarch64-linux-gnu-", "id", true};
  return t;
}

TEST(MakeCommand, SaysEverythingThatDecidesTheResult) {
  const auto c = make_command(tree(), {"Image"}, 3);
  for (const char* arg : {"ARCH=arm64", "CROSS_COMPILE=aarch64-linux-gnu-", "CC=ccache aarch64-linux-gnu-gcc",
                          "O=/c/build/k-aarch64", "LOCALVERSION=", "-j3", "Image",
                          "KCPPFLAGS=-fmacro-prefix-map=../../worktrees/k/="})
    EXPECT_THAT(c.argv, Contains(arg));
  for (const char* name :
       {"KBUILD_BUILD_TIMESTAMP", "KBUILD_BUILD_USER", "KBUILD_BUILD_HOST", "KBUILD_BUILD_VERSION"})
    EXPECT_TRUE(c.env.contains(name)) << name;
  EXPECT_EQ(c.env.at("CCACHE_BASEDIR"), "/c");
  EXPECT_EQ(c.env.at("CCACHE_DEPEND"), "1");
  ASSERT_TRUE(c.inherit.has_value());
  EXPECT_THAT(*c.inherit, Contains("PATH"));
}

// The kernel's way to ask, below a make that starts another one for each folder: in 5.10 and 6.1 by the name
// of the object alone, since 6.12 by its path below the Makefile's folder.
constexpr const char* asking_makefile = R"(
in_block := bio.o
in_lib := bio.o
in_fs := inode.o
in_fs/ext4 := inode.o
in_drivers/a := pci/bo.o
in_stub := file.o
.PHONY: all
ifndef obj
all: ; @for d in block lib fs fs/ext4 drivers/a stub; do $(MAKE) -s obj=$$d || exit 1; done
else
ifeq ($(obj),block)
GCOV_PROFILE_bio.o := n
endif
ifeq ($(obj),stub)
GCOV_PROFILE := n
endif
basetarget = $(basename $(notdir $@))
target-stem = $(basename $(patsubst $(obj)/%,%,$@))
counts = $(if $(patsubst n%,,$(GCOV_PROFILE_$(1).o)$(GCOV_PROFILE)),yes,no)
all: $(addprefix $(obj)/,$(in_$(obj)))
%.o: ; @echo $@ $(call counts,$(basetarget)) $(call counts,$(target-stem))
endif
)";

std::vector<std::string> asked_with(const std::vector<std::string>& variables) {
  const auto dir = TempDir::create(fs::temp_directory_path(), "make.");
  EXPECT_TRUE(dir.has_value() && write_file_atomic(dir->path() / "Makefile", asking_makefile).has_value());
  process::Command c;
  c.argv = {"make", "-s", "--no-print-directory"};
  c.argv.insert(c.argv.end(), variables.begin(), variables.end());
  c.cwd = dir->path();
  c.env = {{"MAKEFLAGS", ""}};
  const CancelToken cancel;
  const auto done = process::run_ok(c, cancel);
  EXPECT_TRUE(done.has_value());
  return done.has_value() ? split(std::string(trim(done->out)), '\n') : std::vector<std::string>();
}

TEST(MakeCommand, TurnsGcovOnForTheseObjectsAndNoOthers) {
  const std::vector<std::string> files{"block/bio.c", "drivers/a/pci/bo.c", "fs/ext4/inode.c", "stub/file.c"};
  EXPECT_THAT(
      asked_with(gcov_variables(files, model::Arch::x86_64)),
      testing::ElementsAre("block/bio.o yes yes", "lib/bio.o no no", "fs/inode.o no no",
                           "fs/ext4/inode.o yes yes", "drivers/a/pci/bo.o yes yes", "stub/file.o no no"));
}

TEST(MakeCommand, TwoObjectsOfOneNameCount) {
  EXPECT_THAT(
      asked_with(gcov_variables({"fs/inode.c", "fs/ext4/inode.c"}, model::Arch::x86_64)),
      testing::ElementsAre("block/bio.o no no", "lib/bio.o no no", "fs/inode.o yes yes",
                           "fs/ext4/inode.o yes yes", "drivers/a/pci/bo.o no no", "stub/file.o no no"));
}

TEST(MakeCommand, CountersAreUpdatedAtomically) {
  auto t = tree();
  t.counted = {"mm/gup.c"};
  EXPECT_THAT(make_command(t, {}, 1).argv,
              Contains(testing::AllOf(testing::StartsWith("CFLAGS_GCOV="),
                                      testing::HasSubstr("-fprofile-update=atomic -mno-outline-atomics"))));
  EXPECT_THAT(gcov_variables({}, model::Arch::aarch64), testing::IsEmpty());
}

TEST(MakeCommand, WorksWithoutCcache) {
  auto t = tree();
  t.toolchain.ccache = false;
  EXPECT_THAT(make_command(t, {}, 1).argv, Contains("CC=aarch64-linux-gnu-gcc"));
}

TEST(MakeCommand, KeepsTheUsersCcache) {
  const char* old = std::getenv("CCACHE_DIR");
  const std::string before = old == nullptr ? "" : old;
  ::setenv("CCACHE_DIR", "/mine", 1);
  EXPECT_FALSE(make_command(tree(), {}, 1).env.contains("CCACHE_DIR"));
  ::unsetenv("CCACHE_DIR");
  EXPECT_EQ(make_command(tree(), {}, 1).env.at("CCACHE_DIR"), "/c/ccache");
  if (old != nullptr) ::setenv("CCACHE_DIR", before.c_str(), 1);
}

}  // namespace
}  // namespace pinrig::kbuild
