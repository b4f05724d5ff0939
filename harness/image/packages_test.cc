// SPDX-License-Identifier: GPL-2.0
#include "image/packages.h"

#include <gmock/gmock.h>

#include "base/file.h"

namespace pinrig::image {
namespace {

using model::Arch;
using testing::ElementsAre;
using testing::HasSubstr;

std::string error_of(const std::string& text) {
  auto list = parse_packages(text, "sysroot.packages", Arch::x86_64);
  EXPECT_TRUE(list.has_error());
  if (!list.has_error()) return "no error";
  EXPECT_EQ(list.error().kind, ErrorKind::bad_input);
  return list.error().message;
}

TEST(Packages, SortedAndPerArchitecture) {
  const std::string text =
      "# head\n\nsuite bookworm\nlibz-dev  # z\nliba-dev [aarch64]  # only there\nlibb-dev [x86_64, arm64]  "
      "# both\n";
  const auto x86 = parse_packages(text, "f", Arch::x86_64).value();
  EXPECT_EQ(x86.suite, "bookworm");
  EXPECT_THAT(x86.packages, ElementsAre("libb-dev", "libz-dev"));
  EXPECT_THAT(parse_packages(text, "f", Arch::aarch64).value().packages,
              ElementsAre("liba-dev", "libb-dev", "libz-dev"));
}

TEST(Packages, ErrorsNameTheLine) {
  EXPECT_THAT(error_of("suite bookworm\nlibc6-dev\n"),
              HasSubstr("sysroot.packages:2: libc6-dev has no reason"));
  EXPECT_THAT(error_of("suite a1\nlibc6-dev  #  \n"), HasSubstr("has no reason"));
  EXPECT_THAT(error_of("suite b1\nsuite b2\n"), HasSubstr(":2: duplicate suite"));
  EXPECT_THAT(error_of("suite b1\nliba [riscv64]  # x\n"), HasSubstr("unknown architecture \"riscv64\""));
  EXPECT_THAT(error_of("suite b1\nliba [x86_64  # x\n"), HasSubstr("missing ]"));
  EXPECT_THAT(error_of("suite b1\nliba  # x\nliba  # y\n"), HasSubstr(":3: duplicate package liba"));
  EXPECT_THAT(error_of("liba  # x\n"), HasSubstr("no suite"));
  EXPECT_THAT(error_of("suite b1\nliba [aarch64]  # x\n"), HasSubstr("no package for x86_64"));
}

// The names go to apt: nothing in them may be taken as an option, a version or a pattern.
TEST(Packages, OnlyPackageNames) {
  for (const char* name : {"--yes", "lib a", "liba=1", "?priority(required)", "lib,b", "Lib"}) {
    EXPECT_THAT(error_of(std::string("suite b1\n") + name + "  # x\n"), HasSubstr("is not a package name"))
        << name;
  }
  EXPECT_THAT(error_of("suite -b\n"), HasSubstr("is not a suite name"));
}

TEST(Packages, TheProjectsOwnList) {
  const fs::path file = fs::path(PINRIG_SOURCE_DIR) / "images" / "sysroot.packages";
  const std::string text = read_file(file).value();
  for (const Arch arch : {Arch::x86_64, Arch::aarch64}) {
    EXPECT_THAT(parse_packages(text, file.string(), arch).value().packages,
                testing::IsSupersetOf({"libc6-dev", "libibverbs-dev", "liburing-dev", "busybox-static"}));
  }
}

TEST(Packages, Names) {
  EXPECT_STREQ(debian_arch(Arch::aarch64), "arm64");
  EXPECT_STREQ(debian_arch(Arch::x86_64), "amd64");
  EXPECT_EQ(triplet(Arch::aarch64), "aarch64-linux-gnu");
}

}  // namespace
}  // namespace pinrig::image
