// SPDX-License-Identifier: GPL-2.0
#include <gmock/gmock.h>

#include "gc/gc.h"

namespace pinrig::gc {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr std::time_t day = 86400;
constexpr std::time_t now = 100 * day;

Item item(Kind kind, const std::string& name, int age_days, std::uintmax_t bytes = 10,
          std::vector<std::string> needed_by = {}) {
  Item out{kind, name, "/x/" + name, "", bytes, now - age_days * day};
  out.needed_by = std::move(needed_by);
  return out;
}
Item busy(Item i) {
  i.in_use = true;
  return i;
}

std::vector<std::string> chosen(const std::vector<Item>& items, const Policy& policy) {
  std::vector<std::string> out;
  for (const auto& c : choose(items, policy, now)) out.push_back(c.item.name + (c.breaks_repro ? "!" : ""));
  return out;
}

// The newest first, as take_inventory() has it.
const std::vector<Item> all{
    item(Kind::run, "run-3", 1),
    item(Kind::kernel, "k-fresh", 2),
    item(Kind::kernel, "k-of-2", 3, 10, {"run-2"}),
    item(Kind::run, "run-2", 3),
    item(Kind::kernel, "k-of-1", 10, 10, {"run-1"}),
    item(Kind::kernel, "k-of-both", 10, 10, {"run-1", "run-3"}),
    item(Kind::run, "run-1", 10),
    item(Kind::worktree, "tree", 12),
};

TEST(Choose, WithoutAPolicyOnlyLeftoversGo) {
  auto items = all;
  items.push_back(item(Kind::leftover, "drive-a.raw", 0));
  items.push_back(busy(item(Kind::leftover, "drive-b.raw", 20)));
  EXPECT_THAT(chosen(items, {}), ElementsAre("drive-a.raw"));
  EXPECT_THAT(chosen(all, {}), IsEmpty());
}

TEST(Choose, KeepNTakesOlderRunsAndWhatOnlyTheyNeed) {
  EXPECT_THAT(chosen(all, {.keep = 2}), UnorderedElementsAre("run-1", "k-of-1", "tree"));
}

TEST(Choose, KeepOfMoreThanThereAreTakesNothing) { EXPECT_THAT(chosen(all, {.keep = 3}), IsEmpty()); }

TEST(Choose, KeepNoneTakesTheCacheAlsoWithoutARun) {
  EXPECT_THAT(chosen({item(Kind::kernel, "k", 2), busy(item(Kind::worktree, "tree", 3))}, {.keep = 0}),
              ElementsAre("k"));
  EXPECT_THAT(chosen({item(Kind::kernel, "k", 2)}, {.keep = 1}), IsEmpty()) << "a run may still want it";
}

TEST(Choose, KeepNoneTakesEverythingThatIsNotInUse) {
  auto items = all;
  items[0].in_use = true;
  EXPECT_THAT(chosen(items, {.keep = 0}),
              UnorderedElementsAre("run-2", "run-1", "k-fresh", "k-of-2", "k-of-1", "tree"))
      << "run-3 is running, and k-of-both is its kernel";
}

TEST(Choose, OlderThan) {
  EXPECT_THAT(chosen(all, {.older_days = 5}), UnorderedElementsAre("run-1", "k-of-1", "tree"));
  EXPECT_THAT(chosen(all, {.older_days = 11}), UnorderedElementsAre("tree"));
}

TEST(Choose, ABusyThingNeverGoes) {
  auto items = all;
  for (auto& i : items) i.in_use = true;
  for (const Policy& p : {Policy{.keep = 0}, Policy{.older_days = 0}, Policy{.max_bytes = 0}})
    EXPECT_THAT(chosen(items, p), IsEmpty());
}

TEST(Choose, MaxSizeTakesTheOldestUntilItFits) {
  EXPECT_THAT(chosen(all, {.max_bytes = 80}), IsEmpty()) << "it fits as it is";
  EXPECT_THAT(chosen(all, {.max_bytes = 60}), ElementsAre("tree", "run-1"));
}

TEST(Choose, MaxSizeTakesWhatARunNeedsOnlyWhenNothingElseIsLeft) {
  std::vector<Item> items{busy(item(Kind::run, "run", 1)), item(Kind::kernel, "free", 2),
                          item(Kind::kernel, "needed", 9, 10, {"run"})};
  EXPECT_THAT(chosen(items, {.max_bytes = 20}), ElementsAre("free"));
  EXPECT_THAT(chosen(items, {.max_bytes = 10}), ElementsAre("free", "needed!"));
}

TEST(Totals, AreByKind) {
  EXPECT_EQ(totals(all), "3 runs 30 B, 4 kernels 40 B, 1 worktree 10 B");
  EXPECT_EQ(totals({}), "nothing");
}

}  // namespace
}  // namespace pinrig::gc
