// SPDX-License-Identifier: GPL-2.0
#include "kconfig/slowness.h"

#include <algorithm>
#include <array>

namespace pinrig::kconfig {
namespace {

struct Cost {
  const char* symbol;
  double factor;
};

// Upper ends of what Documentation/dev-tools says of each (kasan.rst, kcsan.rst, kmsan.rst), or of what
// people report; together they multiply. Time limits are for guests that hang: one that is too long costs a
// wait, one that is too short a wrong verdict.
constexpr std::array<Cost, 15> costs{{{"KASAN", 3},
                                      {"KASAN_OUTLINE", 1.5},
                                      {"KCSAN", 5},
                                      {"KMSAN", 12},
                                      {"UBSAN", 1.5},
                                      {"KCOV", 1.5},
                                      {"PROVE_LOCKING", 2.5},
                                      {"DEBUG_LOCKDEP", 1.5},
                                      {"LOCK_STAT", 1.3},
                                      {"PROVE_RCU_LIST", 1.1},
                                      {"DEBUG_KMEMLEAK", 2},
                                      {"DEBUG_OBJECTS", 1.5},
                                      {"DEBUG_PAGEALLOC_ENABLE_DEFAULT", 3},
                                      {"SLUB_DEBUG_ON", 1.5},
                                      {"PAGE_OWNER", 1.2}}};
constexpr double most = 20;

}  // namespace

double slowness(const std::map<std::string, std::string>& effective) {
  double factor = 1;
  for (const auto& cost : costs) {
    const auto at = effective.find(cost.symbol);
    if (at != effective.end() && at->second == "y") factor *= cost.factor;
  }
  return std::min(factor, most);
}

}  // namespace pinrig::kconfig
