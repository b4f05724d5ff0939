// SPDX-License-Identifier: GPL-2.0
#include "vm/kernel_place.h"

#include <gmock/gmock.h>

namespace pinrig::vm {
namespace {

using ::testing::HasSubstr;

constexpr const char* map =
    "0000000000000000 D __per_cpu_start\n"
    "ffffffff81112380 t record_subpages\n"
    "ffffffff81113060 t try_grab_folio_fast\n"
    "ffffffff81113060 T alias_of_it\n"
    "ffffffff81113190 t gup_fast_fallback.isra.0\n"
    "ffffffff81115000 t twice\n"
    "ffffffff81116000 t twice\n"
    "ffffffff81117000 t cold.cold\n"
    "ffffffff82000000 D write_protect\n"
    "not a line of a System.map\n";

TEST(KernelPlace, ASymbolAndAnOffset) {
  EXPECT_EQ(find_place(map, "try_grab_folio_fast").address, 0xffffffff81113060u);
  EXPECT_EQ(find_place(map, "try_grab_folio_fast+0x0").address, 0xffffffff81113060u);
  EXPECT_EQ(find_place(map, "try_grab_folio_fast+0x12f").address, 0xffffffff8111318fu);
  EXPECT_EQ(find_place(map, "try_grab_folio_fast").problem, "");
  EXPECT_EQ(find_place(map, "gup_fast_fallback").address, 0xffffffff81113190u) << "specialized";
}

TEST(KernelPlace, WhatThisKernelDoesNotHaveIsNoMistake) {
  for (const char* name : {"gup_fast", "write_protect", "try_grab_folio", "cold", "folio_fast"}) {
    const KernelPlace place = find_place(map, name);
    EXPECT_TRUE(place.lacking) << name;
    EXPECT_THAT(place.problem, HasSubstr(std::string("this kernel has no function ") + name));
  }
}

TEST(KernelPlace, MistakesAreNamed) {
  const auto problem = [](const char* place) {
    const KernelPlace found = find_place(map, place);
    EXPECT_FALSE(found.lacking) << place;
    EXPECT_EQ(found.address, 0u) << place;
    return found.problem;
  };
  EXPECT_THAT(problem("twice"), HasSubstr("has 2 functions twice"));
  EXPECT_THAT(problem("try_grab_folio_fast+0x130"), HasSubstr("is 0x130 bytes long"));
  for (const char* place : {"", "+0x10", "x+0x", "x+0xfg", "x+16", "gup.c:2890", "a b"})
    EXPECT_THAT(problem(place), HasSubstr("write SYMBOL or SYMBOL+0xOFFSET")) << place;
}

}  // namespace
}  // namespace pinrig::vm
