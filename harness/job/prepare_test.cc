// SPDX-License-Identifier: GPL-2.0
#include "job/prepare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kbuild/absent.h"

namespace pinrig::job {
namespace {

using testing::ElementsAre;
using testing::Pair;

model::TestSpec test(const std::string& name, std::vector<std::string> symbols) {
  model::TestSpec t;
  t.name = name;
  t.needs.symbols = std::move(symbols);
  return t;
}

TEST(LackingSymbols, NamesTheFirstThatTheKernelWasBuiltWithout) {
  const std::string config = "CONFIG_BLK_DEV_NVME=y\nCONFIG_XFS_FS=m\n# CONFIG_UDMABUF is not set\n";
  EXPECT_THAT(lacking_symbols({test("a", {"BLK_DEV_NVME", "XFS_FS"}), test("b", {"BLK_DEV_NVME", "UDMABUF"}),
                               test("c", {"IOMMUFD", "VFIO"}), test("d", {})},
                              config),
              ElementsAre(Pair("b", "this kernel has no CONFIG_UDMABUF"),
                          Pair("c", "this kernel has no CONFIG_IOMMUFD")));
}

TEST(TakeKernel, TheJobBootsItWithItsLimitsAndItsPageOwner) {
  const auto dir = TempDir::create(fs::temp_directory_path(), "prepare-").value();
  kbuild::Artifact kernel;
  kernel.image = "/k/image";
  kernel.vmlinux = "/k/vmlinux";
  kernel.config = dir.path() / "config";
  model::JobSpec spec;
  spec.kernel_image = "/other";
  ASSERT_TRUE(write_file_atomic(kernel.config, "# CONFIG_PAGE_OWNER is not set\n").has_value());
  ASSERT_TRUE(take_kernel(spec, kernel).has_value());
  EXPECT_EQ(spec.kernel_image, "/k/image");
  EXPECT_EQ(spec.vmlinux, "/k/vmlinux");
  EXPECT_EQ(spec.timeouts.kernel, 1);
  EXPECT_THAT(spec.machine.kernel_args, ElementsAre());

  ASSERT_TRUE(write_file_atomic(kernel.config, "CONFIG_PAGE_OWNER=y\n").has_value());
  for (int twice = 0; twice < 2; ++twice) {
    ASSERT_TRUE(take_kernel(spec, kernel).has_value());
    EXPECT_GT(spec.timeouts.kernel, 1);
    EXPECT_THAT(spec.machine.kernel_args, ElementsAre("page_owner=on"));
  }
  kernel.config = dir.path() / "none";
  EXPECT_TRUE(take_kernel(spec, kernel).has_error());
}

// The program is missing for the tree's own test and for the one of ours that runs it alike.
TEST(LackingPrograms, OneReasonForTheTreesTestsAndForOurs) {
  const auto dir = TempDir::create(fs::temp_directory_path(), "prepare-").value();
  auto of_tree = test("gup/pin_fast", {});
  of_tree.program = "kernel:gup_test";
  auto ours = test("gup/matrix", {});
  ours.program = "gup/matrix";
  ours.args = {"gup_test"};
  auto cow = test("mm/cow", {});
  cow.program = "kernel:cow";
  auto other = test("bio/dio", {});
  other.program = "bio/dio";
  const std::vector<model::TestSpec> tests{of_tree, ours, cow, other};
  using Kind = kbuild::Absent::Kind;

  EXPECT_TRUE(lacking_programs(tests, dir.path()).has_error())
      << "no absent.json: nobody knows what should be there";

  ASSERT_TRUE(kbuild::write_absent(dir.path(), {{"gup_test", {Kind::not_in_tree, "mm has no gup_test.c"}}})
                  .has_value());
  auto lacking = lacking_programs(tests, dir.path());
  ASSERT_TRUE(lacking.has_value()) << lacking.error().message;
  EXPECT_THAT(lacking->skips, ElementsAre(Pair("gup/matrix", "this kernel tree has no gup_test"),
                                          Pair("gup/pin_fast", "this kernel tree has no gup_test")));
  EXPECT_THAT(lacking->broken,
              ElementsAre(Pair("mm/cow", "the built kernel has no cow, for an unknown reason")));

  ASSERT_TRUE(
      kbuild::write_absent(dir.path(), {{"gup_test", {Kind::does_not_compile, "gup_test.c:3:2: error: no"}},
                                        {"cow", {Kind::not_in_tree, "mm has no cow.c"}}})
          .has_value());
  lacking = lacking_programs(tests, dir.path());
  ASSERT_TRUE(lacking.has_value()) << lacking.error().message;
  EXPECT_THAT(lacking->skips, ElementsAre(Pair("mm/cow", "this kernel tree has no cow")));
  EXPECT_TRUE(lacking->broken.empty());
  EXPECT_THAT(lacking->unbuilt,
              ElementsAre(Pair("gup/matrix", "gup_test does not compile: gup_test.c:3:2: error: no"),
                          Pair("gup/pin_fast", "gup_test does not compile: gup_test.c:3:2: error: no")));

  ASSERT_TRUE(write_file_atomic(dir.path() / "gup_test", "ELF").has_value());
  EXPECT_TRUE(lacking_programs(tests, dir.path())->unbuilt.empty());
}

}  // namespace
}  // namespace pinrig::job
