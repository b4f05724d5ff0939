// SPDX-License-Identifier: GPL-2.0
#include "plan/guests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinrig::plan {
namespace {

using model::Device;
using model::Machine;
using model::TestSpec;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TestSpec test(const std::string& name) {
  TestSpec t;
  t.name = name;
  return t;
}

TestSpec with_args(const std::string& name, std::vector<std::string> args) {
  TestSpec t = test(name);
  t.needs.kernel_args = std::move(args);
  return t;
}

TestSpec with_devices(const std::string& name, std::vector<Device> devices) {
  TestSpec t = test(name);
  t.needs.devices = std::move(devices);
  return t;
}

TestSpec destructive(TestSpec t) {
  t.destructive = true;
  return t;
}

Machine offer() {
  Machine m;
  m.name = "default";
  m.nvme = {{.serial = "pin-raw", .size_mib = 256},
            {.serial = "pin-raw", .nsid = 2, .size_mib = 512, .fs = "ext4"},
            {.serial = "pin-slow", .iops = 4}};
  m.hugepages_2m = 64;
  m.swap_mib = 64;
  m.kernel_args = {"quiet"};
  return m;
}

std::vector<std::string> drives(const Machine& m) {
  std::vector<std::string> out;
  for (const auto& d : m.nvme) out.push_back(d.serial + ":" + std::to_string(d.nsid));
  return out;
}

/// "number|reason|tests" of each guest.
std::vector<std::string> guests(const std::vector<TestSpec>& tests) {
  std::vector<std::string> out;
  const auto all = group_tests(offer(), tests);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& g = all[i];
    std::string line = (i == 0 ? "" : "." + std::to_string(i + 1)) + "|" + g.reason + "|";
    for (const auto& t : g.tests) line += " " + t.name;
    out.push_back(line);
  }
  return out;
}

TEST(FitMachine, HasOnlyWhatIsNeeded) {
  const Machine bare = fit_machine(offer(), {test("gup/a")});
  EXPECT_THAT(drives(bare), IsEmpty());
  EXPECT_EQ(bare.hugepages_2m, 0);
  EXPECT_EQ(bare.swap_mib, 0);
  EXPECT_FALSE(bare.net);
  EXPECT_THAT(bare.devices, IsEmpty());
  EXPECT_THAT(bare.kernel_args, ElementsAre("quiet"));
  EXPECT_EQ(bare.memory_mib, 2048);
}

TEST(FitMachine, HasWhatAnyTestNeeds) {
  TestSpec a = test("a");
  a.needs.nvme = {"pin-slow"};
  a.needs.rdma = true;
  TestSpec b = test("b");
  b.needs.hugepages_2m = 4;
  b.needs.memory_mib = 3072;
  const Machine m = fit_machine(offer(), {a, b});
  EXPECT_THAT(drives(m), ElementsAre("pin-slow:1"));
  EXPECT_TRUE(m.net);
  EXPECT_EQ(m.hugepages_2m, 64) << "the machine's own figure: pages come back late";
  EXPECT_EQ(m.memory_mib, 3072);
}

TEST(FitMachine, ARawDriveBringsNoFileSystemAlong) {
  TestSpec raw = test("a");
  raw.needs.nvme = {"pin-raw"};
  EXPECT_THAT(drives(fit_machine(offer(), {raw})), ElementsAre("pin-raw:1"));
  TestSpec fs = test("a");
  fs.needs.fs = "ext4";
  EXPECT_THAT(drives(fit_machine(offer(), {fs})), ElementsAre("pin-raw:2"));
  const int offered = fit_machine(offer(), {fs}).nvme[0].size_mib;
  fs.needs.fs_mib = offered - 1;
  EXPECT_EQ(fit_machine(offer(), {fs}).nvme[0].size_mib, offered);
  fs.needs.fs_mib = offered + 1;
  const Machine larger = fit_machine(offer(), {raw, fs});
  EXPECT_THAT(drives(larger), ElementsAre("pin-raw:1", "pin-raw:2"));
  EXPECT_EQ(larger.nvme[1].size_mib, offered + 1);
  EXPECT_NE(larger.nvme[0].size_mib, offered + 1) << "the raw drive is another";
  TestSpec swap = test("a");
  swap.needs.swap_mib = 16;
  EXPECT_THAT(drives(fit_machine(offer(), {swap})), ElementsAre("pin-raw:2")) << "the swap file lives there";
}

TEST(FitMachine, NvmeDevicesBecomeDrives) {
  const Machine m = fit_machine(offer(), {with_devices("a", {Device::meta, Device::zoned}),
                                          with_devices("b", {Device::cmb, Device::scsi})});
  EXPECT_THAT(m.devices, ElementsAre(Device::zoned, Device::cmb, Device::meta, Device::scsi));
  EXPECT_THAT(drives(m), ElementsAre("pin-zoned:1", "pin-cmb:1", "pin-meta:1"));
  EXPECT_EQ(m.nvme[0].zone_mib, 8);
  EXPECT_EQ(m.nvme[1].cmb_mib, 64);
  EXPECT_EQ(m.nvme[2].metadata_bytes, 8);
  const Machine gone = fit_machine(offer(), {with_devices("a", {Device::removable})});
  EXPECT_THAT(drives(gone), ElementsAre("pin-gone:1"));
  EXPECT_TRUE(gone.nvme[0].removable);
  EXPECT_GT(gone.nvme[0].iops, 0) << "nothing would be in flight";
}

TEST(Groups, OneGuestIsEnoughForPlainTests) {
  EXPECT_THAT(guests({test("a"), with_devices("b", {Device::zoned, Device::p9}), test("c")}),
              ElementsAre("|| a b c"));
}

TEST(Groups, MoreProcessorsOrNodesThanTheMachineHasAreAGuest) {
  TestSpec three = test("a");
  three.needs.cpus = 3;
  TestSpec nodes = test("b");
  nodes.needs.cpus = 3;
  nodes.needs.numa_nodes = 2;
  TestSpec two = test("c");
  two.needs.cpus = 2;
  two.needs.numa_nodes = 1;
  EXPECT_THAT(guests({three, nodes, two}),
              ElementsAre("|| c", ".2|needs 3 CPUs| a", ".3|needs 3 CPUs, 2 NUMA nodes| b"));
  const Machine m = fit_machine(offer(), {nodes});
  EXPECT_EQ(m.cpus, 3);
  EXPECT_EQ(m.numa_nodes, 2);
}

TEST(Groups, OneProcessorIsEnoughWhenAllTestsOfTheGuestSaySo) {
  TestSpec one = test("a");
  one.needs.cpus = 1;
  TestSpec two = test("b");
  two.needs.cpus = 2;
  EXPECT_EQ(fit_machine(offer(), {one, one}).cpus, 1);
  EXPECT_EQ(fit_machine(offer(), {one, two}).cpus, 2);
  EXPECT_EQ(fit_machine(offer(), {one, test("c")}).cpus, offer().cpus) << "c says nothing";
}

TEST(Groups, BootParametersAreAGuestEachWhateverTheirOrder) {
  EXPECT_THAT(guests({with_args("a", {"x=1", "y=2"}), test("b"), with_args("c", {"y=2", "x=1"}),
                      with_args("d", {"z"})}),
              ElementsAre("|| b", ".2|kernel parameters x=1 y=2| a c", ".3|kernel parameters z| d"));
}

TEST(Groups, WithoutAMainGuestTheFirstTakesItsName) {
  EXPECT_THAT(guests({with_args("a", {"x=1"})}), ElementsAre("|kernel parameters x=1| a"));
}

TEST(Groups, DevicesThatChangeOthersStandApartTogether) {
  EXPECT_THAT(guests({with_devices("a", {Device::iommu}), test("b"),
                      with_devices("c", {Device::kvm, Device::zoned})}),
              ElementsAre("|| b", ".2|needs iommu, kvm| a c"));
}

TEST(Groups, MoreMemoryThanTheMachineHasIsAGuestOfItsOwn) {
  TestSpec small = test("a");
  small.needs.memory_mib = 1024;
  TestSpec large = test("b");
  large.needs.memory_mib = 4096;
  const auto groups = group_tests(offer(), {small, large});
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].machine.memory_mib, 2048);
  EXPECT_EQ(groups[1].machine.memory_mib, 4096);
  EXPECT_EQ(groups[1].reason, "needs 4096 MiB of memory");
}

TEST(Groups, BootParametersDecideBeforeDevicesAndMemory) {
  TestSpec a = with_args("a", {"movablecore=512M"});
  TestSpec b = with_args("b", {"movablecore=512M"});
  b.needs.devices = {Device::iommu};
  b.needs.memory_mib = 3072;
  const auto groups = group_tests(offer(), {a, b});
  ASSERT_EQ(groups.size(), 1u);
  EXPECT_EQ(groups[0].machine.memory_mib, 3072);
  EXPECT_THAT(groups[0].machine.kernel_args, ElementsAre("quiet", "movablecore=512M"));
}

TEST(Groups, DestructiveTestsEndTheGuestsOfTheirKind) {
  EXPECT_THAT(
      guests({destructive(test("a")), destructive(with_args("b", {"x"})), test("c"), with_args("d", {"x"})}),
      ElementsAre("|| c a", ".2|kernel parameters x| d b"));
}

TEST(Groups, NothingRunsAfterADestructiveTest) {
  EXPECT_THAT(guests({destructive(test("a")), test("b"), destructive(test("c"))}),
              ElementsAre("|| b a", ".2|destructive: c| c"));
  EXPECT_THAT(guests({destructive(test("a")), destructive(with_args("b", {"x"})), test("c")}),
              ElementsAre("|| c a", ".2|destructive: b| b"))
      << "no guest has the parameter x";
}

TEST(Groups, ADestructiveTestThatNeedsAllCpusDoesNotEndAGuestOfOne) {
  TestSpec one = test("a");
  one.needs.cpus = 1;
  EXPECT_THAT(guests({one, destructive(test("b"))}), ElementsAre("|| a", ".2|destructive: b| b"));
  TestSpec end = destructive(test("c"));
  end.needs.cpus = 1;
  EXPECT_THAT(guests({one, end}), ElementsAre("|| a c"));
}

TEST(Groups, TheHeaviestDestructiveTestEndsTheLightestShare) {
  std::vector<TestSpec> tests;
  for (std::size_t i = 0; i < max_tests_per_guest + 1; ++i) tests.push_back(test("t"));
  TestSpec heavy = destructive(test("heavy"));
  heavy.args.assign(3 * args_as_a_test, "pages.in.anon");
  tests.push_back(destructive(test("light")));
  tests.push_back(heavy);
  const auto groups = group_tests(offer(), tests);
  ASSERT_EQ(groups.size(), 2u);
  const auto& smaller = groups[0].tests.size() < groups[1].tests.size() ? groups[0] : groups[1];
  EXPECT_EQ(smaller.tests.back().name, "heavy");
  EXPECT_EQ((&smaller == &groups[0] ? groups[1] : groups[0]).tests.back().name, "light");
}

TEST(Groups, EveryDestructiveTestHasItsOwnGuestIfAsked) {
  const auto groups = group_tests(offer(), {destructive(test("a")), test("b")}, Destructive::alone);
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].tests.back().name, "b");
  EXPECT_EQ(groups[1].reason, "destructive: a");
}

TEST(Groups, ALongGuestIsMadeSharesOfNearlyTheSameSizeInOrder) {
  const auto many = [](std::size_t n) {
    std::vector<TestSpec> out;
    for (std::size_t i = 0; i < n; ++i) out.push_back(test(std::to_string(i)));
    return out;
  };
  EXPECT_EQ(group_tests(offer(), many(max_tests_per_guest)).size(), 1u);
  auto tests = many(2 * max_tests_per_guest + 1);
  tests.front().needs.nvme = {"pin-slow"};
  tests.push_back(with_args("x", {"y=1"}));
  const auto groups = group_tests(offer(), tests);
  ASSERT_EQ(groups.size(), 4u);
  EXPECT_EQ(groups[0].reason, "share 1 of 3");
  EXPECT_EQ(groups[2].reason, "share 3 of 3");
  EXPECT_EQ(groups[3].reason, "kernel parameters y=1");
  std::vector<std::string> names;
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(static_cast<double>(groups[i].tests.size()), (2.0 * max_tests_per_guest + 1) / 3, 1);
    for (const auto& t : groups[i].tests) names.push_back(t.name);
  }
  tests.pop_back();
  ASSERT_EQ(names.size(), tests.size());
  for (std::size_t i = 0; i < names.size(); ++i) EXPECT_EQ(names[i], tests[i].name);
  EXPECT_THAT(drives(groups[0].machine), ElementsAre("pin-slow:1"));
  EXPECT_THAT(drives(groups[1].machine), IsEmpty()) << "each share has a machine of its own";
}

TEST(Groups, TestsWithManyCasesAsArgumentsWeighMore) {
  const auto with_cases = [](const std::string& name, std::size_t cases) {
    TestSpec t = test(name);
    t.args.assign(cases, "pages.in.anon");
    return t;
  };
  constexpr std::size_t half = max_tests_per_guest / 2 * args_as_a_test;
  EXPECT_EQ(guests({with_cases("a", 1), with_cases("b", 200)}).size(), 1u);
  EXPECT_THAT(guests({with_cases("a", half), with_cases("b", half), test("c"), test("d")}),
              ElementsAre("|share 1 of 2| a", ".2|share 2 of 2| b c d"));
  EXPECT_THAT(guests({test("a"), with_cases("b", 8 * half)}),
              ElementsAre("|share 1 of 2| a", ".2|share 2 of 2| b"))
      << "one test is never split, and no guest is empty";
}

TEST(Groups, NoTestsNoGuests) { EXPECT_TRUE(group_tests(offer(), {}).empty()); }

}  // namespace
}  // namespace pinrig::plan
