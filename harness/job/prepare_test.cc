// SPDX-License-Identifier: GPL-2.0
#include "job/prepare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace pinrig::job
