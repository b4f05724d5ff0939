// SPDX-License-Identifier: GPL-2.0
#include "image/tools.h"

#include <gmock/gmock.h>

#include "image/elf_needs.h"
#include "image/packages.h"
#include "image/testing.h"

namespace pinrig::image {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;

constexpr model::Arch host =
#ifdef __aarch64__
    model::Arch::aarch64;
#else
    model::Arch::x86_64;
#endif

// This very program: dynamically linked, with a loader and the C++ library.
const fs::path self = "/proc/self/exe";

std::vector<std::string> paths_of(const std::vector<Entry>& entries) {
  std::vector<std::string> out;
  for (const Entry& e : entries) out.push_back(e.path);
  return out;
}

std::string error_of(const std::string& text) {
  auto tools = parse_tools(text, "images/full.tools", {{"sysroot", "/s"}});
  return tools.has_value() ? "(none)" : tools.error().message;
}

TEST(Tools, ASectionForEachWithItsFiles) {
  auto tools = parse_tools(
      "# words\n\ntool mkfs.xfs # why\nfile /sbin/mkfs.xfs ${sysroot}/sbin/mkfs.xfs 0755\n"
      "tool nvme\nfile /bin/nvme ${sysroot}/usr/sbin/nvme 0755\nslink /bin/n nvme\n",
      "images/full.tools", {{"sysroot", "/s"}});
  ASSERT_TRUE(tools.has_value()) << tools.error().message;
  ASSERT_EQ(tools->size(), 2u);
  EXPECT_THAT(paths_of(tools->at("mkfs.xfs").entries), ElementsAre("/sbin/mkfs.xfs"));
  EXPECT_THAT(paths_of(tools->at("nvme").entries), ElementsAre("/bin/nvme", "/bin/n"));
  EXPECT_EQ(tools->at("nvme").entries[0].where, "images/full.tools:6");
  EXPECT_EQ(tools->at("nvme").entries[0].source, "/s/usr/sbin/nvme");
}

TEST(Tools, WhatIsWrongIsNamedWithItsLine) {
  EXPECT_THAT(error_of("\nfile /a b 0644\ntool x\n"),
              HasSubstr("full.tools:2: a file before the first tool"));
  EXPECT_THAT(error_of("tool a\nfile /a b 0644\ntool a\n"), HasSubstr("full.tools:3: duplicate tool a"));
  EXPECT_THAT(error_of("tool a b\n"), HasSubstr("full.tools:1: \"a b\" is not a tool name"));
  EXPECT_THAT(error_of("tool a\n\ntool b\nfile /a b 0644\n"), HasSubstr("the tool a has no files"));
  EXPECT_THAT(error_of("tool a\n\nfile a b 0644\n"),
              HasSubstr("full.tools:3: \"a\" is not a plain absolute path"));
}

TEST(ElfNeeds, OfThisProgramAndOfAText) {
  auto needs = elf_needs(self);
  ASSERT_TRUE(needs.has_value()) << needs.error().message;
  ASSERT_TRUE(needs->has_value());
  EXPECT_THAT((*needs)->interpreter, HasSubstr("ld-linux"));
  EXPECT_THAT((*needs)->libraries, Contains("libc.so.6"));
  auto text = elf_needs("/etc/passwd");
  ASSERT_TRUE(text.has_value());
  EXPECT_FALSE(text->has_value());
  auto none = elf_needs("/nowhere");
  ASSERT_TRUE(none.has_error());
  EXPECT_THAT(none.error().message, HasSubstr("/nowhere"));
}

TEST(ElfNeeds, OneCutShortIsNoProgram) {
  auto dir = std::move(TempDir::create(fs::temp_directory_path(), "pinrig-elf-")).value();
  ASSERT_TRUE(write_file_atomic(dir.path() / "short", std::string("\x7f"
                                                                  "ELF\x02\x01\x01",
                                                                  7))
                  .has_value());
  auto needs = elf_needs(dir.path() / "short");
  // libelf takes what has no whole header for no ELF file at all.
  EXPECT_TRUE(needs.has_error() || !needs->has_value());
}

class WithLibraries : public ImageTest {
 protected:
  /// Something for each library of this program but `left_out`; text, so that it needs nothing itself.
  void fill_sysroot(const std::string& left_out = {}) {
    const ElfNeeds needs = *elf_needs(self).value();
    loader_ = needs.interpreter;
    put(root() / fs::path(needs.interpreter).relative_path(), "loader");
    for (const std::string& library : needs.libraries) {
      if (library == left_out || library == "libc.so.6" || library.starts_with("ld-linux")) continue;
      put(root() / "usr/lib" / triplet(host) / library, "text");
    }
    put(root() / "lib" / triplet(host) / "libc-2.so", "the C library");
    if (left_out != "libc.so.6")
      fs::create_symlink("libc-2.so", root() / "lib" / triplet(host) / "libc.so.6");
    put(root() / "lib" / triplet(host) / fs::path(loader_).filename(), "loader");
  }
  fs::path root() const { return dir_.path() / "root"; }
  static Entry program() {
    Entry e;
    e.path = "/bin/tool";
    e.source = fs::canonical(self);
    e.where = "images/full.tools:7";
    return e;
  }
  std::string loader_;
};

TEST_F(WithLibraries, LoaderAndLibrariesComeWhereTheLoaderLooks) {
  fill_sysroot();
  auto all = with_libraries({program()}, root(), host);
  ASSERT_TRUE(all.has_value()) << all.error().message;
  EXPECT_THAT(paths_of(*all),
              IsSupersetOf({std::string("/bin/tool"), loader_, "/lib/" + triplet(host) + "/libc.so.6",
                            "/usr/lib/" + triplet(host) + "/libstdc++.so.6"}));
  for (const Entry& e : *all) {
    if (e.path.ends_with("libc.so.6")) {
      EXPECT_EQ(e.source.filename(), "libc-2.so");
    }
  }
}

TEST_F(WithLibraries, EachOnceForTwoPrograms) {
  fill_sysroot();
  Entry second = program();
  second.path = "/bin/other";
  auto one = with_libraries({program()}, root(), host);
  auto two = with_libraries({program(), second}, root(), host);
  ASSERT_TRUE(one.has_value() && two.has_value());
  EXPECT_EQ(two->size(), one->size() + 1);
}

TEST_F(WithLibraries, AMissingOneIsNamedWithWhoWantsIt) {
  fill_sysroot("libc.so.6");
  auto all = with_libraries({program()}, root(), host);
  ASSERT_TRUE(all.has_error());
  EXPECT_EQ(all.error().kind, ErrorKind::bad_input);
  EXPECT_THAT(all.error().message, HasSubstr("images/full.tools:7: /bin/tool needs libc.so.6"));
  EXPECT_THAT(all.error().hint, HasSubstr("full.packages"));
}

TEST_F(WithLibraries, ANameThatNobodyHasDescribed) {
  put(ctx_.project / "images" / "full.tools", "tool fio\nfile /bin/fio ${sysroot}/usr/bin/fio 0755\n");
  put(ctx_.project / "images" / "full.packages", "suite bookworm\nfio # load\n");
  fake("mmdebstrap", "for a; do case $a in */.full-*) mkdir -p \"$a\";; esac; done");
  auto archive = tools_initramfs(host, {"foi"}, ctx_);
  ASSERT_TRUE(archive.has_error());
  EXPECT_EQ(archive.error().kind, ErrorKind::bad_input);
  EXPECT_THAT(archive.error().message, HasSubstr("full.tools has no tool foi"));
  EXPECT_THAT(archive.error().hint, HasSubstr("fio"));
}

}  // namespace
}  // namespace pinrig::image
