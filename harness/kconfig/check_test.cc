// SPDX-License-Identifier: GPL-2.0
#include "kconfig/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"

namespace pinrig::kconfig {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

std::optional<std::string> read(const std::string& path) {
  auto text = read_file(fs::path(PINRIG_TESTDATA) / "tree" / path);
  if (text.has_error()) return std::nullopt;
  return std::move(text).value();
}

const Tree& tree() {
  static const Tree t = parse_tree("x86", read);
  return t;
}

Request want(const std::string& text) {
  auto fragment = parse_fragment("f.config", text);
  return merge({fragment.value()}, {6, 12}).value();
}

std::vector<Failure> failures(const std::string& wanted, const std::string& effective) {
  const auto request = want(wanted);
  const auto config = parse_config(effective);
  auto suspects = differing(request, config);
  for (auto& w : unmentioned(request, config)) suspects.push_back(w);
  return explain(suspects, config, tree());
}

TEST(Tree, FollowsSourcesOfOneArchitecture) {
  EXPECT_TRUE(tree().symbols.contains("BLK_DEV_LOOP"));
  EXPECT_FALSE(tree().symbols.contains("ARM_ONLY"));
  EXPECT_TRUE(parse_tree("arm64", read).symbols.contains("ARM_ONLY"));
}

TEST(Tree, HelpTextIsNoDefinition) {
  EXPECT_FALSE(tree().symbols.contains("NOT_A_SYMBOL"));
  EXPECT_TRUE(tree().symbols.at("PCI").front().depends.empty());
}

TEST(Tree, ConditionsAddUp) {
  EXPECT_THAT(tree().symbols.at("BLK_DEV_LOOP").front().depends, ElementsAre("BLK_DEV"));
  const auto& net = tree().symbols.at("VIRTIO_NET").front();
  EXPECT_THAT(net.depends, ElementsAre("NET", "!(MINIMAL || TINY = y)"));
  EXPECT_THAT(net.visible, ElementsAre("EXPERT"));
  EXPECT_TRUE(tree().symbols.at("NET").front().depends.empty());  // after endmenu
}

TEST(Tree, KeepsWhereAndContinuedLines) {
  const auto& d = tree().symbols.at("BLK_DEV_NVME").front();
  EXPECT_EQ(d.where.file, "drivers/block/Kconfig");
  EXPECT_EQ(d.where.line, 25);
  ASSERT_THAT(d.depends, SizeIs(1));
  EXPECT_THAT(d.depends[0], HasSubstr("BLOCK"));
  EXPECT_THAT(tree().selected_by.at("NVME_CORE"), ElementsAre("BLK_DEV_NVME"));
}

TEST(Check, WhatHoldsIsNoFailure) {
  EXPECT_TRUE(failures("CONFIG_PCI=y\n# CONFIG_NET is not set\n", "CONFIG_PCI=y\n").empty());
}

TEST(Check, HiddenParentIsNamed) {
  const auto f =
      failures("CONFIG_BLOCK=y\nCONFIG_BLK_DEV_LOOP=y\n", "CONFIG_BLOCK=y\n# CONFIG_BLK_DEV is not set\n");
  ASSERT_THAT(f, SizeIs(1));
  EXPECT_EQ(f[0].wanted.symbol, "BLK_DEV_LOOP");
  EXPECT_EQ(f[0].got, "n");
  EXPECT_EQ(f[0].depends, "BLK_DEV");
  EXPECT_THAT(f[0].unmet, ElementsAre("BLK_DEV (n)"));
  const auto text = to_string(f[0], "debian-6.12");
  EXPECT_THAT(text, HasSubstr("f.config:2: CONFIG_BLK_DEV_LOOP=y became n"));
  EXPECT_THAT(text, HasSubstr("not met: BLK_DEV (n)"));
}

TEST(Check, OnlyTheUnmetPartsAreBlamed) {
  const auto f = failures("CONFIG_VIRTIO_NET=y\n", "CONFIG_NET=y\nCONFIG_TINY=y\n");
  ASSERT_THAT(f, SizeIs(1));
  EXPECT_THAT(f[0].unmet, ElementsAre("!(MINIMAL || TINY = y) (MINIMAL=n, TINY=y)"));
}

TEST(Check, PromptConditionIsBlamedWhenNothingElseIs) {
  const auto f = failures("# CONFIG_DEBUG_THING is not set\n", "CONFIG_DEBUG_THING=y\n");
  ASSERT_THAT(f, SizeIs(1));
  EXPECT_THAT(f[0].unmet, ElementsAre("EXPERT (n)"));
}

TEST(Check, ModuleInsteadOfBuiltInIsAFailure) {
  const auto f = failures("CONFIG_BLK_DEV_NVME=y\n", "CONFIG_PCI=y\nCONFIG_BLOCK=y\nCONFIG_BLK_DEV_NVME=m\n");
  ASSERT_THAT(f, SizeIs(1));
  EXPECT_EQ(f[0].got, "m");
  EXPECT_EQ(f[0].depends, "PCI && BLOCK");
}

TEST(Check, NoPromptNamesTheSelectors) {
  const auto f = failures("CONFIG_NVME_CORE=y\n", "");
  ASSERT_THAT(f, SizeIs(1));
  EXPECT_THAT(f[0].note, HasSubstr("BLK_DEV_NVME"));
}

TEST(Check, UnwantedSymbolNamesWhatSelectsIt) {
  const auto f = failures("# CONFIG_NVME_CORE is not set\n", "CONFIG_BLK_DEV_NVME=y\nCONFIG_NVME_CORE=y\n");
  ASSERT_THAT(f, SizeIs(1));
  EXPECT_EQ(f[0].note, "selected by BLK_DEV_NVME");
}

TEST(Check, ChoiceNamesTheOtherMember) {
  const auto f = failures("CONFIG_SLAB=y\n", "# CONFIG_SLAB is not set\nCONFIG_SLUB=y\n");
  ASSERT_THAT(f, SizeIs(1));
  EXPECT_THAT(f[0].note, HasSubstr("lib/Kconfig:2 is set to SLUB"));
}

TEST(Check, OfTwoDefinitionsTheNearerIsExplained) {
  const auto f = failures("CONFIG_TWICE=y\n", "");
  ASSERT_THAT(f, SizeIs(1));
  EXPECT_EQ(f[0].depends, "NET");
}

TEST(Check, UnknownSymbolGetsTheNearestNameAndTheDeclaration) {
  const auto f = failures("CONFIG_BLK_DEV_NVNE=y\n", "");
  ASSERT_THAT(f, SizeIs(1));
  EXPECT_TRUE(f[0].undefined);
  const auto e = config_error(f, "debian-6.12", {6, 12});
  EXPECT_EQ(e.kind, ErrorKind::bad_input);
  EXPECT_THAT(e.message, HasSubstr("f.config:1: debian-6.12 has no CONFIG_BLK_DEV_NVNE"));
  EXPECT_THAT(e.message, HasSubstr("CONFIG_BLK_DEV_NVME"));
  EXPECT_THAT(e.hint, HasSubstr("# pinrig: until"));
}

TEST(Check, UnknownSymbolIsAnErrorAlsoWhenItIsNotWanted) {
  const auto f = failures("# CONFIG_BLK_DEV_NVNE is not set\n", "");
  ASSERT_THAT(f, SizeIs(1));
  EXPECT_TRUE(f[0].undefined);
}

TEST(Check, OptionalOnesAreLeftOut) {
  EXPECT_TRUE(failures("# pinrig: optional only some compilers\nCONFIG_NOWHERE=y\n", "").empty());
}

TEST(Check, EveryFailureIsInTheError) {
  const auto e = config_error(failures("CONFIG_BLK_DEV_LOOP=y\nCONFIG_VIRTIO_NET=y\n", ""), "k", {6, 12});
  EXPECT_THAT(e.message, HasSubstr("BLK_DEV_LOOP"));
  EXPECT_THAT(e.message, HasSubstr("VIRTIO_NET"));
  EXPECT_THAT(e.hint, Not(HasSubstr("since")));
}

TEST(Check, AllLinesToAddAreInTheError) {
  const auto wanted = "CONFIG_BLK_DEV_NVNE=y\nCONFIG_BLK_DEV_LOOP=y\nCONFIG_GONE=y\n";
  const auto e = config_error(failures(wanted, ""), "debian-7.3", {7, 3});
  EXPECT_THAT(e.message, HasSubstr("lines to add:\n"));
  EXPECT_THAT(e.message, HasSubstr("\n  before f.config:1: '# pinrig: until 7.2' or '# pinrig: since 7.4'"));
  EXPECT_THAT(e.message, HasSubstr("\n  before f.config:3: '# pinrig: until 7.2'"));
  EXPECT_THAT(e.message, HasSubstr("\n  CONFIG_BLOCK=y\n  CONFIG_BLK_DEV=y")) << "dependencies first";
}

TEST(Check, CompilerMacrosAreNotBlamed) {
  const auto f = failures("CONFIG_NEEDS_COMPILER=y\n", "");
  ASSERT_THAT(f, SizeIs(1));
  EXPECT_THAT(f[0].unmet, ElementsAre("PCI (n)"));
}

// The fragments of this checkout themselves.
TEST(Fragments, OfTheProjectParseAndDoNotConflict) {
  for (const std::string arch : {"x86_64", "aarch64"}) {
    std::vector<Fragment> all;
    for (const std::string& name : {std::string("base"), std::string("pin"), "arch/" + arch}) {
      const auto text = read_file(fs::path(PINRIG_SOURCE_DIR) / "configs/fragments" / (name + ".config"));
      ASSERT_TRUE(text.has_value()) << text.error().message;
      auto f = parse_fragment(name, text.value());
      ASSERT_TRUE(f.has_value()) << f.error().message;
      all.push_back(std::move(f).value());
    }
    for (const Version v : {Version{5, 10}, Version{6, 1}, Version{6, 12}, Version{7, 3}}) {
      const auto merged = merge(all, v);
      ASSERT_TRUE(merged.has_value()) << merged.error().message;
      const bool is_old = v == Version{5, 10};
      EXPECT_EQ(merged->contains("GUP_TEST"), !is_old);
      EXPECT_EQ(merged->contains("GUP_BENCHMARK"), is_old);
      EXPECT_EQ(merged->contains("PROC_SYSCTL"), v < (Version{7, 3}));
      EXPECT_EQ(merged->at("PCI_MSI").value, "y");
      EXPECT_EQ(merged->contains("SLUB_TINY"), v >= (Version{6, 2}));
    }
  }
}

}  // namespace
}  // namespace pinrig::kconfig
