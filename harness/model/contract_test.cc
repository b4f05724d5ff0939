// SPDX-License-Identifier: GPL-2.0
#include "model/contract.h"

#include <gmock/gmock.h>

namespace pinrig::model {
namespace {

using Applies = ContractCell::Applies;

/// One user, one obligation, one kind of memory.
Contract single() {
  Contract c;
  c.traits = {{"in", "", {}}, {"long", "", {}}};
  c.memory = {{"thp", "", {}}};
  c.obligations = {{"pages.in", "", {"in", "long"}, "it never writes", {}, {}}};
  c.users = {{.name = "bdev", .test = "contract/bdev", .traits = {"in", "long"}}};
  return c;
}

ContractCell cell(const Contract& c) {
  const auto all = contract_cells(c);
  EXPECT_EQ(all.size(), 1u);
  return all.at(0);
}

TEST(Contract, ACellAppliesUnlessSomethingRulesItOut) {
  EXPECT_TRUE(cell(single()).applicable());
  EXPECT_EQ(cell(single()).reason, "");
  EXPECT_EQ(cell_name(single().obligations[0], single().memory[0]), "pages.in.thp");
}

TEST(Contract, EachReasonNamesWhoRulesItOut) {
  Contract c = single();
  c.users[0].not_cells = {{"pages.in.thp", "cell"}};
  EXPECT_EQ(cell(c).applies, Applies::not_by_user);
  EXPECT_EQ(cell(c).reason, "cell");
  c.users[0].not_obligations = {{"pages.in", "obligation"}};
  EXPECT_EQ(cell(c).applies, Applies::not_by_user);
  EXPECT_EQ(cell(c).reason, "obligation");
  c.users[0].not_memory = {{"thp", "memory"}};
  EXPECT_EQ(cell(c).applies, Applies::not_for_memory);
  EXPECT_EQ(cell(c).reason, "memory");
  c.obligations[0].not_memory = {{"thp", "not about it"}};
  EXPECT_EQ(cell(c).applies, Applies::no_memory);
  EXPECT_EQ(cell(c).reason, "not about it");
  c.users[0].traits = {"in"};
  EXPECT_EQ(cell(c).applies, Applies::no_trait) << "all traits that it asks for are needed";
  EXPECT_EQ(cell(c).reason, "it never writes");
}

TEST(Contract, EveryCellIsThereInTheOrderOfTheLists) {
  Contract c = single();
  c.memory.push_back({"anon", "", {}});
  c.users.push_back({.name = "other", .test = "contract/other"});
  const auto all = contract_cells(c);
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[1].memory, 1u);
  EXPECT_EQ(all[2].user, 1u);
  EXPECT_FALSE(all[2].applicable());
}

}  // namespace
}  // namespace pinrig::model
