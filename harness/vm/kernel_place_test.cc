// SPDX-License-Identifier: GPL-2.0
#include "vm/kernel_place.h"

#include <gmock/gmock.h>

namespace pinrig::vm {
namespace {

using ::testing::ElementsAre;
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
  EXPECT_THAT(find_place(map, "try_grab_folio_fast").addresses, ElementsAre(0xffffffff81113060u));
  EXPECT_THAT(find_place(map, "try_grab_folio_fast+0x0").addresses, ElementsAre(0xffffffff81113060u));
  EXPECT_THAT(find_place(map, "try_grab_folio_fast+0x12f").addresses, ElementsAre(0xffffffff8111318fu));
  EXPECT_EQ(find_place(map, "try_grab_folio_fast").problem, "");
  EXPECT_THAT(find_place(map, "gup_fast_fallback").addresses, ElementsAre(0xffffffff81113190u))
      << "specialized";
}

TEST(KernelPlace, AnAddressHasTheNameOfItsFunction) {
  EXPECT_EQ(name_of_address(map, 0xffffffff81113191u), "gup_fast_fallback.isra.0+0x1");
  EXPECT_EQ(name_of_address(map, 0xffffffff81112380u), "record_subpages+0x0");
  EXPECT_EQ(name_of_address(map, 0xffffffff82000010u), "0xffffffff82000010") << "behind all that is known";
  EXPECT_EQ(name_of_address(map, 0x401000), "0x401000") << "user space";
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
    EXPECT_TRUE(found.addresses.empty()) << place;
    return found.problem;
  };
  EXPECT_THAT(problem("twice"), HasSubstr("has 2 functions twice"));
  EXPECT_THAT(problem("try_grab_folio_fast+0x130"), HasSubstr("is 0x130 bytes long"));
  for (const char* place : {"", "+0x10", "x+0x", "x+0xfg", "x+16", "gup.c:2890", "a b"})
    EXPECT_THAT(problem(place), HasSubstr("write SYMBOL, SYMBOL+0xOFFSET or FILE:LINE")) << place;
}

TEST(KernelPlace, ALineOfTheSource) {
  for (const char* line : {"mm/gup.c:2983", "include/linux/mm.h:1", "arch/arm64/kernel/entry.S:20"})
    EXPECT_TRUE(is_source_line(line)) << line;
  for (const char* other :
       {"gup_fast", "gup_fast+0x10", "mm/gup.c:", "mm/gup.c:x", ":12", ".c:12", "a b.c:1", "mm/gup.c:1234567",
        "mm/gup:12", "*$_shell(\"id\")?$x.c:1", "a.c\tif\tb.c:1", "-source\nb.c:1", "-function.c:1"})
    EXPECT_FALSE(is_source_line(other)) << other;
  EXPECT_THAT(source_line_commands("mm/gup.c:2983"), ElementsAre("break mm/gup.c:2983", "info breakpoints"));
}

TEST(KernelPlace, WhereALineIs) {
  const KernelPlace one = parse_source_line(
      "Breakpoint 1 at 0xffffffff81112600: file mm/gup.c, line 2983.\n"
      "Num     Type           Disp Enb Address            What\n"
      "1       breakpoint     keep y   0xffffffff81112600 in gup_fast_pte_range at mm/gup.c:2983\n",
      "mm/gup.c:2983");
  EXPECT_THAT(one.addresses, ElementsAre(0xffffffff81112600u));
  EXPECT_EQ(one.problem, "");
  const KernelPlace inlined = parse_source_line(
      "Breakpoint 1 at 0x1040: mm/gup.c:2. (2 locations)\n"
      "1       breakpoint     keep y   <MULTIPLE>         \n"
      "1.1                         y   0x0000000000001040 in inl at mm/gup.c:2\n"
      "1.2                         y   0x0000000000001140 in f at mm/gup.c:2\n",
      "mm/gup.c:2");
  EXPECT_THAT(inlined.addresses, ElementsAre(0x1040u, 0x1140u));
}

TEST(KernelPlace, ALineThatIsNowhere) {
  const KernelPlace none =
      parse_source_line("No symbol table is loaded.  Use the \"file\" command.\n", "a.c:2");
  EXPECT_TRUE(none.lacking);
  EXPECT_THAT(none.problem, HasSubstr("set CONFIG_DEBUG_INFO_DWARF_TOOLCHAIN_DEFAULT=y"));
  const KernelPlace comment = parse_source_line(
      "Breakpoint 1 at 0x1040: a.c:5. (1 location)\n"
      "1       breakpoint     keep y   0x0000000000001040 in inl at mm/a.c:6\n",
      "a.c:5");
  EXPECT_TRUE(comment.addresses.empty());
  EXPECT_FALSE(comment.lacking);
  EXPECT_EQ(comment.problem, "a.c:5 has no code; the next line with some is mm/a.c:6");
  for (const char* text : {"No source file named a.c.\n", "No line 99 in file \"a.c\".\n", ""})
    EXPECT_THAT(parse_source_line(text, "a.c:99").problem, HasSubstr("has no code of a.c:99")) << text;
}

}  // namespace
}  // namespace pinrig::vm
