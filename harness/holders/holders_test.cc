// SPDX-License-Identifier: GPL-2.0
// Traces as the guest's shell prints them, with addresses that a small table resolves.
#include <gmock/gmock.h>

#include "holders/source.h"
#include "holders/testing.h"
#include "holders/text.h"

namespace pinrig::holders {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

int patched_release(Tree, const model::SourceLine& l) { return l.function == "__bio_release_pages" ? 2 : 0; }

TEST(ReadCapture, EventsStacksAndCounters) {
  Guest g;
  g.change(0x1234, 1024, 1026, pin_path).change(0x1235, 1024, 1025, pin_path, "head|lru");
  g.line(
      "Page allocated via order 9, mask 0x140dca(GFP_HIGHUSER_MOVABLE), pid 85, tgid 85 (dio rw), ts 12 ns");
  g.line("PFN 0x1234 type Movable Block 9 type Movable Flags 0x1(locked|node=0)");
  g.line(" get_page_from_freelist+0x1a/0x40").line(" vma_alloc_folio+0x2/0x10").line("");
  const auto c = g.capture();
  ASSERT_THAT(c.changes, SizeIs(2));
  EXPECT_EQ(c.changes[0].task, "dio_rw");
  EXPECT_EQ(c.changes[0].pid, 85);
  EXPECT_EQ(c.changes[0].pfn, 0x1234u);
  EXPECT_EQ(c.changes[0].by, 1024);
  EXPECT_EQ(c.changes[0].count, 1026);
  EXPECT_EQ(c.changes[0].mapping, 0xffff888003a1b001u);
  EXPECT_FALSE(c.changes[0].large);
  EXPECT_TRUE(c.changes[1].large);
  EXPECT_EQ(c.changes[0].stack, c.changes[1].stack) << "printed once";
  ASSERT_THAT(c.stacks, SizeIs(1));
  ASSERT_THAT(c.stacks[0], SizeIs(5));
  EXPECT_EQ(c.stacks[0][1].text, "gup_fast");
  EXPECT_EQ(c.stacks[0][0].address, 0xffffffff81000010u);
  EXPECT_EQ(c.acquired, 4);
  EXPECT_EQ(c.released, 1);
  EXPECT_EQ(c.code, 1);
  EXPECT_EQ(c.lost, 0u);
  const auto& owner = c.owners.at(0x1234);
  EXPECT_EQ(owner.order, 9);
  EXPECT_EQ(owner.task, "dio rw");
  ASSERT_THAT(owner.stack, SizeIs(2));
  EXPECT_EQ(owner.stack[0].text, "get_page_from_freelist+0x1a/0x40");
}

// An interrupt's event comes between another and its stack; each CPU has its own.
TEST(ReadCapture, AStackBelongsToTheNewestEventOfItsCpu) {
  Guest g;
  const auto event = [](int cpu, const char* pfn) {
    return fmt::format("  a-1 [{:03}] d.h1. 1.5: page_ref_mod: pfn={} flags=lru count=1 val=1024", cpu, pfn);
  };
  const auto stack = [](int cpu) { return fmt::format("  a-1 [{:03}] d.h1. 1.5: <stack trace>", cpu); };
  g.line(event(0, "0x1")).line(event(1, "0x2")).line(event(0, "0x3"));
  g.line(stack(0)).line("+1").line(" => inner <1>").line(stack(1)).line("+2").line(" => other <2>");
  g.line(stack(0)).line("+3").line(" => outer <3>");
  const auto c = g.capture();
  ASSERT_THAT(c.changes, SizeIs(3));
  EXPECT_EQ(c.stacks.at(*c.changes[2].stack)[0].text, "inner");
  EXPECT_EQ(c.stacks.at(*c.changes[1].stack)[0].text, "other");
  EXPECT_EQ(c.stacks.at(*c.changes[0].stack)[0].text, "outer");
}

TEST(ReadCapture, AGuestThatEndedBeforeItsTraceIsAnError) {
  EXPECT_THAT(read_capture("boot\n").error().message, HasSubstr("before its trace was printed"));
  EXPECT_THAT(read_capture("pinrig: holders begin\n").error().message, HasSubstr("in the middle"));
  EXPECT_THAT(read_capture("pinrig: no page_ref\n").error().hint, HasSubstr("DEBUG_PAGE_REF"));
}

TEST(ReadCapture, AnythingElseIsReadOver) {
  const auto c =
      Guest().line("+99999").line("=7").line(" => f <zz>").line("x-y [a] b").line("PFN q").capture();
  EXPECT_THAT(c.changes, SizeIs(0));
  EXPECT_THAT(c.owners, SizeIs(0));
}

// Negative control: what is balanced names nobody.
TEST(Ledger, ABalancedTraceNamesNobody) {
  Guest g;
  g.change(0x1, 1024, 1026, pin_path).change(0x1, -1024, 2, unpin_path);
  g.change(0x2, 1023, 1025, pin_path).change(0x2, -1024, 1, unpin_path);
  const auto ledger = make_ledger(g.capture(), resolve);
  EXPECT_EQ(ledger.taken, 2);
  EXPECT_EQ(ledger.released, 2);
  EXPECT_TRUE(ledger.excess.empty());
  for (const auto& h : ledger.holders) EXPECT_EQ(h.held, 0);
  EXPECT_FALSE(suspect(ledger, nullptr, nullptr).has_value() &&
               suspect(ledger, nullptr, patched_release)->patch > 0);
  Report r;
  r.test = "bio/dio_rw";
  r.ledger = ledger;
  EXPECT_THAT(to_text(r), HasSubstr("Every pin that was taken was released."));
  EXPECT_THAT(to_text(r), Not(HasSubstr("look at")));
}

TEST(Ledger, ALostEventNamesNobody) {
  Guest g;
  g.change(0x1, 1024, 1026, pin_path).line("overrun: 3");
  const auto ledger = make_ledger(g.capture(), resolve);
  EXPECT_FALSE(ledger.sure);
  EXPECT_FALSE(suspect(ledger, nullptr, patched_release).has_value());
  Report r;
  r.test = "bio/dio_rw";
  r.ledger = ledger;
  EXPECT_THAT(to_text(r), HasSubstr("The trace lost events"));
  EXPECT_THAT(to_text(r), Not(HasSubstr("bio_iov_iter_get_pages")));
  const auto cut =
      make_ledger(Guest().change(0x1, 1024, 1026, pin_path).line("pinrig: cut").capture(), resolve);
  EXPECT_FALSE(cut.sure);
}

TEST(Ledger, WhatDropsAReferenceOfAHeldPageIsNamed) {
  Guest g;
  g.change(0x1, 1024, 1026, pin_path).change(0x1, -1, 1025, put_path).change(0x2, -1, 1500, put_path);
  const auto ledger = make_ledger(g.capture(), resolve);
  ASSERT_THAT(ledger.holders, SizeIs(1));
  const auto& h = ledger.holders[0];
  EXPECT_EQ(h.held, 1);
  EXPECT_EQ(h.taken[0].function, "gup_fast") << "without the tracing itself";
  ASSERT_THAT(h.pages, SizeIs(1));
  EXPECT_EQ(h.pages[0].count, 1025);
  EXPECT_TRUE(h.pages[0].anon);
  EXPECT_EQ(h.pages[0].mappings, 1);
  ASSERT_THAT(h.meanwhile, SizeIs(1)) << "of that page only";
  EXPECT_EQ(h.meanwhile[0].changes, 1u);
  EXPECT_EQ(h.meanwhile[0].refs, -1);
  const auto named = suspect(ledger, nullptr, patched_release);
  ASSERT_TRUE(named.has_value());
  EXPECT_EQ(named->line.function, "__bio_release_pages");
  EXPECT_EQ(named->why, Suspect::Why::dropped);
  EXPECT_EQ(named->patch, 2);
}

TEST(Ledger, WhatReleasesOthersOfTheStackIsNamed) {
  Guest g;
  for (std::uint64_t pfn = 1; pfn <= 16; ++pfn) g.change(pfn, 1024, 1025, pin_path);
  for (std::uint64_t pfn = 1; pfn <= 15; ++pfn) g.change(pfn, -1024, 1, unpin_path);
  const auto ledger = make_ledger(g.capture(), resolve);
  ASSERT_THAT(ledger.holders, SizeIs(1));
  EXPECT_EQ(ledger.holders[0].pins, 16);
  EXPECT_EQ(ledger.holders[0].held, 1);
  EXPECT_EQ(ledger.holders[0].pages.at(0).pfn, 16u);
  ASSERT_THAT(ledger.holders[0].released, SizeIs(1));
  EXPECT_EQ(ledger.holders[0].released[0].pins, 15);
  EXPECT_EQ(suspect(ledger, nullptr, patched_release)->why, Suspect::Why::releases_others);
}

TEST(Ledger, WhatReleasesSuchPinsOnTheBaseIsNamed) {
  const auto leak = make_ledger(Guest().change(0x1, 1024, 1025, pin_path).capture(), resolve);
  const auto base = make_ledger(Guest()
                                    .change(0x9, 1024, 1025, "x y")
                                    .change(0x1, 1024, 1025, pin_path)
                                    .change(0x1, -1024, 1, unpin_path)
                                    .capture(),
                                resolve);
  EXPECT_EQ(suspect(leak, nullptr, patched_release)->patch, 0) << "only who took it is known";
  EXPECT_EQ(suspect(leak, nullptr, patched_release)->line.function, "bio_iov_iter_get_pages");
  const auto named = suspect(leak, &base, patched_release);
  EXPECT_EQ(named->line.function, "__bio_release_pages");
  EXPECT_EQ(named->why, Suspect::Why::releases_on_base);
  EXPECT_EQ(same_holder(base, leak.holders[0])->pins, 1);
}

TEST(Ledger, AReleaseThatNobodyTookIsOne) {
  Guest g;
  g.change(0x1, 1024, 1025, pin_path).change(0x1, -1024, 1, unpin_path).change(0x1, -1024, -1023, unpin_path);
  const auto ledger = make_ledger(g.capture(), resolve);
  ASSERT_THAT(ledger.excess, SizeIs(1));
  const auto& excess = ledger.excess[0];
  EXPECT_EQ(excess.release.pins, 1);
  EXPECT_THAT(excess.pages, ElementsAre(0x1));
  ASSERT_THAT(excess.before, SizeIs(1));
  EXPECT_EQ(excess.before[0].path[1].function, "__bio_release_pages");
  const auto named = suspect(ledger, nullptr, patched_release);
  EXPECT_EQ(named->why, Suspect::Why::released_unpinned);
  EXPECT_EQ(named->patch, 2);
  // Another stack had released the pin: the mistake may be there.
  g = Guest();
  g.change(0x1, 1024, 1025, pin_path)
      .change(0x1, -1024, 1, unpin_path)
      .change(0x1, -1024, -1023, "other_unpin");
  EXPECT_EQ(suspect(make_ledger(g.capture(), resolve), nullptr, patched_release)->why,
            Suspect::Why::released_before);
}

// References and pins of a large folio differ by the functions that they go through.
TEST(Ledger, OfALargeFolioTheStackTellsPins) {
  Guest g;
  g.change(0x200, 512, 513, pin_path, "head|lru")
      .change(0x200, 1, 514, "gup_fast get_user_pages_fast", "head|lru");
  g.change(0x200, -1, 513, put_path, "head|lru").change(0x200, -500, 13, unpin_path, "head|lru");
  const auto ledger = make_ledger(g.capture(), resolve);
  EXPECT_EQ(ledger.taken, 512);
  EXPECT_EQ(ledger.released, 500);
  ASSERT_THAT(ledger.holders, SizeIs(1));
  EXPECT_EQ(ledger.holders[0].held, 12);
  EXPECT_EQ(ledger.holders[0].pages.at(0).mappings, -1);
}

TEST(Ledger, AReleaseGoesToThePinThatItsStackKnows) {
  Guest g;
  g.change(0x1, 1024, 1025, "a_pin a").change(0x1, -1024, 1, "a_unpin");
  g.change(0x1, 1024, 1025, "b_pin b").change(0x1, 1024, 2049, "a_pin a").change(0x1, -1024, 1025, "a_unpin");
  const auto ledger = make_ledger(g.capture(), resolve);
  ASSERT_THAT(ledger.holders, SizeIs(2));
  EXPECT_EQ(ledger.holders[0].taken[0].function, "b_pin");
  EXPECT_EQ(ledger.holders[0].held, 1);
  EXPECT_EQ(ledger.holders[1].held, 0);
}

// try_get_folio() finds a page that is being freed.
TEST(Ledger, AChangeThatWasNotMadeIsNone) {
  const auto c = Guest().event("page_ref_mod_unless: pfn=0x1 count=1024 val=1024 ret=0", pin_path).capture();
  EXPECT_EQ(make_ledger(c, resolve).taken, 0);
}

int patched_teardown(Tree, const model::SourceLine& l) {
  return l.function == "__rds_ib_teardown_mr" ? 1 : 0;
}

// kernels/mutants/m78-rds-puts-pages, rdma/rds_mr: references are put where pins should be released.
TEST(RealTrace, OfPagesThatArePutInsteadOfUnpinned) {
  const auto ledger = ledger_of("rds-puts-pages.console");
  EXPECT_TRUE(ledger.sure);
  EXPECT_EQ(ledger.taken, 4);
  EXPECT_EQ(ledger.released, 0);
  ASSERT_THAT(ledger.holders, SizeIs(1));
  const auto& h = ledger.holders[0];
  EXPECT_EQ(h.held, 4);
  EXPECT_EQ(h.task, "rds_mr");
  EXPECT_EQ(h.taken.at(0).function, "try_grab_folio_fast");
  ASSERT_THAT(h.pages, SizeIs(4));
  EXPECT_TRUE(h.pages[0].cached && !h.pages[0].anon) << "of a memfd";
  EXPECT_TRUE(h.pages[1].anon && !h.pages[1].cached);
  EXPECT_LT(h.pages[1].count, bias) << "so few references are no pin any more";
  const auto named = suspect(ledger, nullptr, patched_teardown);
  ASSERT_TRUE(named.has_value());
  EXPECT_EQ(named->line.function, "__rds_ib_teardown_mr");
  EXPECT_EQ(named->why, Suspect::Why::dropped);
}

int patched_end_of_bio(Tree, const model::SourceLine& l) {
  return l.function == "__bio_release_pages" ? 2 : 0;
}

// kernels/series/demo-leak on a debug kernel, dd with four direct reads into one page: page_owner has it.
TEST(RealTrace, OfAPageThatABioPutsInsteadOfUnpinning) {
  const auto ledger = ledger_of("bio-puts-pages.console");
  EXPECT_TRUE(ledger.sure);
  EXPECT_EQ(ledger.taken, 4);
  EXPECT_EQ(ledger.released, 0);
  std::int64_t held = 0;
  for (const auto& h : ledger.holders) held += h.held;
  EXPECT_EQ(held, 4);
  const auto& page = ledger.holders.at(0).pages.at(0);
  EXPECT_TRUE(page.anon);
  ASSERT_TRUE(page.owner.has_value());
  EXPECT_EQ(page.owner->task, "dd");
  EXPECT_EQ(page.owner->order, 0);
  EXPECT_FALSE(page.allocated.empty());
  const auto named = suspect(ledger, nullptr, patched_end_of_bio);
  ASSERT_TRUE(named.has_value());
  EXPECT_EQ(named->line.function, "__bio_release_pages");
  EXPECT_EQ(named->why, Suspect::Why::dropped);
}

// The same test on the base, as a negative control, and what it adds to the leak.
TEST(RealTrace, OfTheBaseNamesNobodyAndSaysWhoReleases) {
  const auto base = ledger_of("rds-balanced.console");
  EXPECT_TRUE(base.sure);
  EXPECT_GE(base.taken, 4);
  EXPECT_EQ(base.taken, base.released);
  EXPECT_TRUE(base.excess.empty());
  EXPECT_FALSE(suspect(base, nullptr, patched_teardown).has_value());
  const auto leak = ledger_of("rds-puts-pages.console");
  const auto* same = same_holder(base, leak.holders.at(0));
  ASSERT_NE(same, nullptr);
  ASSERT_FALSE(same->released.empty());
  EXPECT_THAT(same->released[0].path,
              testing::Contains(
                  testing::Field(&model::SourceLine::function, testing::StartsWith("__rds_ib_teardown_mr"))));
}

TEST(Text, HasPagesStacksAndTheSuspect) {
  Guest g;
  g.change(0x1, 1024, 1026, pin_path).change(0x1, -1, 1025, put_path);
  Report r;
  r.test = "bio/dio_rw";
  r.kernel = "tip-x86_64-debug";
  r.ledger = make_ledger(g.capture(), resolve);
  r.acquired = 1;
  r.suspect = suspect(r.ledger, nullptr, patched_release);
  const auto text = to_text(r);
  EXPECT_THAT(text, HasSubstr("1 pin taken, 0 released in the trace; the kernel counted 1 and 0"));
  EXPECT_THAT(text, HasSubstr("1 of 1 pin held, on 1 page, taken by dio_rw, pid 85:"));
  EXPECT_THAT(text, HasSubstr("pfn 0x1  1 pin, 1025 references left, anonymous, mapped once"));
  EXPECT_THAT(text, HasSubstr("-1 references in 1 change by"));
  EXPECT_THAT(
      text, HasSubstr("look at __bio_release_pages() at block/bio.c:10: drops a reference of these pages and "
                      "not the pin; patch 2 changes it"));
}

TEST(Script, FollowsLargeFoliosWhereTheFlagIsKnown) {
  EXPECT_THAT(script("cd /tmp && /tests/x", 6), HasSubstr("|| flags & 0x40"));
  const auto without = script("cd /tmp && /tests/x", std::nullopt);
  EXPECT_THAT(without, Not(HasSubstr("flags &")));
  EXPECT_THAT(without, HasSubstr("stacktrace if val >= 1023 || val <= -1023 || count >= 1023 || count < 0"));
  EXPECT_THAT(without, HasSubstr("tracing_on; cd /tmp && /tests/x)"));
}

TEST(FunctionAround, FromItsFirstLineToItsBrace) {
  const char* text =
      "int global;\n"          // 1
      "\n"                     // 2
      "/* says */\n"           // 3
      "static int f(int a,\n"  // 4
      "\t     int b)\n"        // 5
      "{\n"                    // 6
      "\treturn a;\n"          // 7
      "}\n"                    // 8
      "EXPORT_SYMBOL(f);\n"    // 9
      "void g(void)\n"         // 10
      "{\n}\n";                // 11, 12
  const auto f = function_around(text, 7);
  ASSERT_TRUE(f.has_value());
  EXPECT_EQ(f->first, 4);
  EXPECT_EQ(f->last, 8);
  EXPECT_EQ(function_around(text, 11)->first, 10);
  EXPECT_FALSE(function_around(text, 1).has_value());
  EXPECT_FALSE(function_around(text, 9).has_value()) << "between two";
  EXPECT_FALSE(function_around(text, 99).has_value());
}

}  // namespace
}  // namespace pinrig::holders
