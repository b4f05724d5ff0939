// SPDX-License-Identifier: GPL-2.0
// What the contract of testdata/project means.
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>

#include "spec/spec.h"

namespace pinrig::spec {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

const fs::path project = fs::path(PINRIG_TESTDATA) / "project";

model::Contract contract() { return load_contract(project).value(); }

model::Suite suite() {
  for (auto& s : load_all_suites(project).value()) {
    if (s.name == "contract") return s;
  }
  return {};
}

TEST(LoadContract, EveryKey) {
  const auto c = contract();
  EXPECT_EQ(c.title, "The contract of a pin");
  ASSERT_EQ(c.traits.size(), 3u);
  EXPECT_EQ(c.traits[2].what, "it pins for long");
  ASSERT_EQ(c.memory.size(), 4u);
  EXPECT_EQ(c.memory[1].name, "thp");
  ASSERT_EQ(c.obligations.size(), 3u);
  EXPECT_THAT(c.obligations[2].asks, ElementsAre("in", "long"));
  EXPECT_EQ(c.obligations[2].otherwise, "it never pins for long");
  EXPECT_THAT(c.obligations[1].not_memory,
              ElementsAre(Pair("hugetlb", "a huge page of the pool is never swapped out"),
                          Pair("secret", "never taken")));
  ASSERT_EQ(c.users.size(), 2u) << "sorted by name";
  EXPECT_EQ(c.users[0].name, "bdev");
  EXPECT_EQ(c.users[0].test, "contract/bdev");
  EXPECT_THAT(c.users[0].traits, ElementsAre("in", "out"));
  EXPECT_THAT(c.users[0].not_obligations,
              ElementsAre(Pair("swap", "it holds nothing between two transfers")));
  EXPECT_THAT(c.users[0].not_cells, ElementsAre(Pair("pages.in.thp", "one case")));
  EXPECT_THAT(c.users[1].not_memory, ElementsAre(Pair("thp", "it takes memfds only")));
}

TEST(LoadContract, UsersAreOrdinaryTests) {
  const auto s = suite();
  ASSERT_EQ(s.tests.size(), 2u);
  const auto& t = s.tests[0];
  EXPECT_EQ(t.name, "contract/bdev");
  EXPECT_EQ(t.program, "contract/bdev");
  EXPECT_EQ(t.what, "O_DIRECT read() and write() on a block device");
  EXPECT_THAT(t.rows, ElementsAre("D1"));
  EXPECT_EQ(t.proofs.at(0).red.size(), 1u);
  EXPECT_THAT(t.args, ElementsAre("pages.in.anon", "pages.in.hugetlb")) << "the cells that apply";
  EXPECT_THAT(t.quick_args, ElementsAre("pages.in.anon")) << "one kind of memory each";
  EXPECT_TRUE(t.where.file.ends_with("guest-tests/lib/users/bdev.c")) << t.where.file;
  EXPECT_EQ(t.where.line, 3);
  EXPECT_EQ(s.tests[1].where.line, 6);
}

TEST(LoadContract, AUsersKeysAddToWhatIsCommon) {
  const auto s = suite();
  const auto& own = s.tests.at(0);
  EXPECT_EQ(own.limit_s, 90);
  EXPECT_EQ(own.claim, model::PinClaim::Mode::at_least);
  EXPECT_THAT(own.needs.symbols, ElementsAre("SWAP", "BLK_DEV_NVME"));
  EXPECT_THAT(own.needs.nvme, ElementsAre("raw0"));
  EXPECT_EQ(own.needs.hugepages_2m, 8);
  EXPECT_EQ(own.needs.fs, "ext4");
  EXPECT_EQ(own.needs.fs_mib, 2048) << "the file system is a common need";
  EXPECT_THAT(own.env, ElementsAre(Pair("MODE", "some"), Pair("SEED", "1")));
  const auto& plain = s.tests.at(1);
  EXPECT_EQ(plain.limit_s, 60);
  EXPECT_EQ(plain.needs.hugepages_2m, 16);
  EXPECT_THAT(plain.needs.nvme, IsEmpty());
  EXPECT_THAT(plain.needs.kernel_args, ElementsAre("movablecore=512M"));
}

TEST(LoadContract, ThereMayBeNone) {
  const TempDir tmp = std::move(TempDir::create(fs::temp_directory_path(), "spec-test")).value();
  fs::create_directories(tmp.path() / "guest-tests/contract");
  fs::copy(project / "guest-tests/map.yaml", tmp.path() / "guest-tests/map.yaml");
  EXPECT_THAT(load_contract(tmp.path()).value().users, IsEmpty()) << "no suite";
  fs::copy(project / "guest-tests/contract/suite.yaml", tmp.path() / "guest-tests/contract/suite.yaml");
  const auto c = load_contract(tmp.path()).value();
  EXPECT_THAT(c.users, IsEmpty()) << "no folder";
  EXPECT_EQ(c.obligations.size(), 3u);
  EXPECT_THAT(load_all_suites(tmp.path()).value().at(0).tests, IsEmpty());
}

TEST(LoadContract, TwoOfThemAreAnError) {
  const TempDir tmp = std::move(TempDir::create(fs::temp_directory_path(), "spec-test")).value();
  fs::copy(project, tmp.path(), fs::copy_options::recursive);
  fs::copy(tmp.path() / "guest-tests/contract", tmp.path() / "guest-tests/other");
  const fs::path other = tmp.path() / "guest-tests/other/suite.yaml";
  std::string text = read_file(other).value();
  text.replace(text.find("suite: contract"), 15, "suite: other");
  std::ofstream(other) << text;
  EXPECT_THAT(load_contract(tmp.path()).error().message, ::testing::HasSubstr("'contract' and 'other'"));
}

/// "bdev pages.in.thp: one case", for what does not apply.
std::vector<std::string> refused(const model::Contract& c) {
  std::vector<std::string> out;
  for (const auto& cell : model::contract_cells(c)) {
    if (cell.applicable()) continue;
    out.push_back(c.users[cell.user].name + " " +
                  model::cell_name(c.obligations[cell.obligation], c.memory[cell.memory]) + ": " +
                  cell.reason);
  }
  return out;
}

TEST(LoadContract, WhatDoesNotApplyHasItsReason) {
  EXPECT_THAT(
      refused(contract()),
      ElementsAre("bdev pages.in.thp: one case", "bdev pages.in.secret: never taken",
                  "bdev swap.anon: it holds nothing between two transfers",
                  "bdev swap.thp: it holds nothing between two transfers",
                  "bdev swap.hugetlb: a huge page of the pool is never swapped out",
                  "bdev swap.secret: never taken", "bdev movable.anon: it never pins for long",
                  "bdev movable.thp: it never pins for long", "bdev movable.hugetlb: it never pins for long",
                  "bdev movable.secret: it never pins for long", "udmabuf pages.in.thp: it takes memfds only",
                  "udmabuf pages.in.secret: never taken", "udmabuf swap.thp: it takes memfds only",
                  "udmabuf swap.hugetlb: a huge page of the pool is never swapped out",
                  "udmabuf swap.secret: never taken", "udmabuf movable.thp: it takes memfds only",
                  "udmabuf movable.hugetlb: the pool is not movable", "udmabuf movable.secret: never taken"));
}

}  // namespace
}  // namespace pinrig::spec
