// SPDX-License-Identifier: GPL-2.0
#include "kconfig/slowness.h"

#include <gtest/gtest.h>

#include "kconfig/fragment.h"

namespace pinrig::kconfig {
namespace {

TEST(Slowness, APlainKernelIsTheMeasure) {
  EXPECT_EQ(slowness({}), 1);
  EXPECT_EQ(
      slowness(parse_config("CONFIG_DEBUG_VM=y\n# CONFIG_KASAN is not set\nCONFIG_HAVE_ARCH_KASAN=y\n")), 1);
}

TEST(Slowness, SanitizersMultiplyUpToABound) {
  const double kasan = slowness(parse_config("CONFIG_KASAN=y\nCONFIG_KASAN_GENERIC=y\n"));
  const double lockdep = slowness(parse_config("CONFIG_PROVE_LOCKING=y\n"));
  EXPECT_GT(kasan, 2);
  EXPECT_GT(lockdep, 1.5);
  EXPECT_DOUBLE_EQ(slowness(parse_config("CONFIG_KASAN=y\nCONFIG_PROVE_LOCKING=y\n")), kasan * lockdep);
  EXPECT_EQ(
      slowness(parse_config("CONFIG_KASAN=y\nCONFIG_KCSAN=y\nCONFIG_KMSAN=y\nCONFIG_PROVE_LOCKING=y\n")), 20);
}

}  // namespace
}  // namespace pinrig::kconfig
