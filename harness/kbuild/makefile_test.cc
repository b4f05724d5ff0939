// SPDX-License-Identifier: GPL-2.0
#include "kbuild/makefile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace pinrig::kbuild {
namespace {

using model::Arch;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// As drivers/nvme/host/Makefile and mm/Makefile are, with the traps of others.
constexpr const char* kNvme =
    "# SPDX-License-Identifier: GPL-2.0\n"
    "obj-$(CONFIG_NVME_CORE)\t\t+= nvme-core.o\n"
    "obj-$(CONFIG_NVME_TCP)\t\t\t+= nvme-tcp.o\n"
    "\n"
    "nvme-core-y\t\t\t\t+= core.o ioctl.o\t\\\n"
    "\t\t\t\t\t   sysfs.o # and pr.o\n"
    "nvme-core-$(CONFIG_NVME_MULTIPATH)\t+= multipath.o\n"
    "ifdef CONFIG_TRACING\n"
    "nvme-core-y += trace.o\n"
    "else\n"
    "nvme-core-y += notrace.o\n"
    "endif\n"
    "nvme-tcp-objs\t\t\t\t:= tcp.o\n";

std::vector<std::string> symbols_of(const ObjectWay& way) {
  std::vector<std::string> out;
  for (const auto& line : way) out.insert(out.end(), line.symbols.begin(), line.symbols.end());
  return out;
}

std::vector<ObjectWay> ways(const std::string& object) {
  return object_ways(kNvme, "drivers/nvme/Makefile", object);
}

TEST(ObjectWays, LeadOverComposedObjects) {
  ASSERT_THAT(ways("sysfs.o"), SizeIs(1));
  const auto way = ways("sysfs.o")[0];
  ASSERT_THAT(way, SizeIs(2));
  EXPECT_EQ(way[0].line, 5) << "where the line begins";
  EXPECT_EQ(way[0].text, "nvme-core-y += sysfs.o");
  EXPECT_EQ(way[1].line, 2);
  EXPECT_EQ(way[1].text, "obj-$(CONFIG_NVME_CORE) += nvme-core.o");
  EXPECT_THAT(symbols_of(way), ElementsAre("CONFIG_NVME_CORE"));
  EXPECT_THAT(symbols_of(ways("multipath.o").at(0)),
              ElementsAre("CONFIG_NVME_MULTIPATH", "CONFIG_NVME_CORE"));
  EXPECT_THAT(symbols_of(ways("tcp.o").at(0)), ElementsAre("CONFIG_NVME_TCP"));
}

TEST(ObjectWays, ConditionalsCount) {
  EXPECT_THAT(symbols_of(ways("trace.o").at(0)), ElementsAre("CONFIG_TRACING", "CONFIG_NVME_CORE"));
  EXPECT_THAT(symbols_of(ways("notrace.o").at(0)), ElementsAre("CONFIG_NVME_CORE"))
      << "what its absence asks for is no option to set";
  const auto equal =
      object_ways("ifeq ($(CONFIG_A),y)\nobj-y += a.o\nendif\nobj-y += b.o\n", "Makefile", "a.o");
  EXPECT_THAT(symbols_of(equal.at(0)), ElementsAre("CONFIG_A"));
  EXPECT_THAT(symbols_of(object_ways("ifneq ($(CONFIG_A),)\nobj-y += a.o\nendif\n", "Makefile", "a.o").at(0)),
              ElementsAre("CONFIG_A"));
  for (const char* other : {"ifeq ($(CONFIG_A),)", "ifneq ($(CONFIG_A),y)", "ifndef CONFIG_A"})
    EXPECT_THAT(
        symbols_of(object_ways(std::string(other) + "\nobj-y += a.o\nendif\n", "Makefile", "a.o").at(0)),
        IsEmpty())
        << other;
}

TEST(ObjectWays, OnlyListsCount) {
  EXPECT_THAT(ways("pr.o"), IsEmpty()) << "a comment";
  EXPECT_THAT(ways("core"), IsEmpty());
  EXPECT_THAT(
      object_ways("CFLAGS_a.o := -Wno-x\nKASAN_SANITIZE_a.o := n\ntargets += a.o\n", "Makefile", "a.o"),
      IsEmpty());
  EXPECT_THAT(object_ways("a-y += a.o\n", "Makefile", "a.o"), SizeIs(1)) << "composed of itself";
  EXPECT_THAT(object_ways("endif\nelse\n= a.o\nobj-y\n", "Makefile", "a.o"), IsEmpty());
}

/// A tree of a few Makefiles.
ReadTree tree(const std::map<std::string, std::string>& files) {
  return [files](const std::string& path) {
    const auto at = files.find(path);
    return at == files.end() ? std::nullopt : std::optional(at->second);
  };
}

std::string why(const std::string& path, const std::string& config, Arch arch = Arch::x86_64) {
  return why_unbuilt(
      path, arch, config,
      tree({{"drivers/Makefile", "obj-y += nvme/\nobj-$(CONFIG_SPI) += spi/\n"},
            {"drivers/nvme/Makefile", "obj-y += host/\n"},
            {"drivers/nvme/host/Makefile", kNvme},
            {"drivers/spi/Makefile", "obj-$(CONFIG_SPI_A) += a.o\nobj-$(CONFIG_SPI_B) += a.o b.o\n"},
            {"mm/Makefile", "mmu-$(CONFIG_MMU) := gup.o\nobj-y := filemap.o $(mmu-y)\n"},
            {"fs/Makefile", "obj-$(CONFIG_X) += sub/x.o\n"},
            {"arch/x86/Kbuild", "obj-$(CONFIG_KVM) += kvm/\n"},
            {"arch/x86/kvm/Makefile", "kvm-y += x86.o\nobj-$(CONFIG_KVM) += kvm.o\n"}}));
}

TEST(WhyUnbuilt, NamesTheOptionAndItsLine) {
  EXPECT_EQ(
      why("drivers/nvme/host/tcp.c", "CONFIG_NVME_CORE=y\n# CONFIG_NVME_TCP is not set\n"),
      "CONFIG_NVME_TCP is not set (drivers/nvme/host/Makefile:3: obj-$(CONFIG_NVME_TCP) += nvme-tcp.o)");
  EXPECT_EQ(why("drivers/nvme/host/multipath.c", ""),
            "CONFIG_NVME_MULTIPATH, CONFIG_NVME_CORE are not set (drivers/nvme/host/Makefile:7: "
            "nvme-core-$(CONFIG_NVME_MULTIPATH) += multipath.o)");
  EXPECT_EQ(why("mm/gup.c", ""), "CONFIG_MMU is not set (mm/Makefile:1: mmu-$(CONFIG_MMU) := gup.o)");
  EXPECT_THAT(why("drivers/nvme/host/tcp.c", "CONFIG_NVME_TCP_TLS=y\n"),
              HasSubstr("CONFIG_NVME_TCP is not set"))
      << "another option with the same beginning";
}

TEST(WhyUnbuilt, LooksAtTheFoldersAbove) {
  EXPECT_EQ(why("drivers/spi/b.c", "CONFIG_SPI_B=y\n"),
            "CONFIG_SPI is not set (drivers/Makefile:2: obj-$(CONFIG_SPI) += spi/)");
  EXPECT_EQ(why("drivers/spi/b.c", ""),
            "CONFIG_SPI_B, CONFIG_SPI are not set (drivers/spi/Makefile:2: obj-$(CONFIG_SPI_B) += b.o)");
  EXPECT_EQ(why("drivers/spi/a.c", "CONFIG_SPI_A=m\n"),
            "CONFIG_SPI is not set (drivers/Makefile:2: obj-$(CONFIG_SPI) += spi/)")
      << "one of two ways is open";
  EXPECT_EQ(why("fs/sub/x.c", ""), "CONFIG_X is not set (fs/Makefile:1: obj-$(CONFIG_X) += sub/x.o)");
  EXPECT_EQ(why("arch/x86/kvm/x86.c", ""),
            "CONFIG_KVM is not set (arch/x86/kvm/Makefile:2: obj-$(CONFIG_KVM) += kvm.o)");
}

TEST(WhyUnbuilt, WithoutAnOptionItSaysWhatItIs) {
  EXPECT_EQ(why("drivers/nvme/host/core.c", "CONFIG_NVME_CORE=y\n"),
            "no object of this configuration is made of it");
  EXPECT_EQ(why("lib/none.c", ""), "no object of this configuration is made of it");
  EXPECT_EQ(why("top.c", ""), "no object of this configuration is made of it");
  EXPECT_EQ(why("include/linux/spi.h", ""), "no file that was built includes it");
  EXPECT_EQ(why("arch/arm64/mm/mmu.c", ""), "arch/arm64 is not built for x86_64");
  EXPECT_EQ(why("arch/x86/kvm/x86.c", "", Arch::aarch64), "arch/x86 is not built for aarch64");
}

}  // namespace
}  // namespace pinrig::kbuild
