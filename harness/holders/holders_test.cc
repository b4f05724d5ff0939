// SPDX-License-Identifier: GPL-2.0
// Traces as the guest's shell prints them, with addresses that a small table resolves.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/text.h"
#include "holders/source.h"
#include "holders/text.h"

namespace pinrig::holders {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

/// A console: events with their stacks between the marks.
class Guest {
 public:
  Guest& event(const std::string& what, const std::string& stack, const std::string& flags = "lru|swapbacked",
               int cpu = 0) {
    text_ += fmt::format(
        "          dio_rw-85      [{0:03}] .....     3.456789: {1} flags={2} mapcount=0 "
        "mapping=ffff888003a1b001 mt=1\n",
        cpu, what, flags);
    stack_of(stack, cpu);
    return *this;
  }
  /// "page_ref_mod: pfn=0x1234 count=1026 val=1024"
  Guest& change(std::uint64_t pfn, int by, int count, const std::string& stack,
                const std::string& flags = "lru|swapbacked") {
    return event(fmt::format("page_ref_mod: pfn={:#x} count={} val={}", pfn, count, by), stack, flags);
  }
  Guest& line(const std::string& text) {
    text_ += text + "\n";
    return *this;
  }
  std::string console() const {
    return "[    0.1] boot\r\npinrig: holders begin\nbefore nr_foll_pin_acquired 100\nbefore "
           "nr_foll_pin_released 98\n"
           "after nr_foll_pin_acquired 104\nafter nr_foll_pin_released 99\npinrig: exit code 1\noverrun: "
           "0\n" +
           text_ + "pinrig: holders end\n";
  }
  Capture capture() const {
    auto r = read_capture(console());
    EXPECT_TRUE(r.has_value()) << r.error().message;
    return r.has_value() ? *r : Capture{};
  }

 private:
  /// "a b c", innermost first; the same stack again is its number alone, as the guest prints it.
  void stack_of(const std::string& names, int cpu) {
    text_ += fmt::format("          dio_rw-85      [{:03}] .....     3.456790: <stack trace>\n", cpu);
    const auto [at, fresh] = numbers_.emplace(names, numbers_.size() + 1);
    text_ += fmt::format("{}{}\n", fresh ? "+" : "=", at->second);
    if (!fresh) return;
    for (const auto& name : split(names, ' ')) text_ += fmt::format(" => {} <ffffffff81000010>\n", name);
  }

  std::string text_;
  std::map<std::string, std::size_t> numbers_;
};

/// Functions as they are, in files of their own; what has a dot before it was inlined into the next.
std::vector<model::SourceLine> resolve(const Frame& f) {
  static const std::map<std::string, std::string> files{{"gup_fast", "mm/gup.c"},
                                                        {"unpin_user_folio", "mm/gup.c"},
                                                        {"bio_iov_iter_get_pages", "block/bio.c"},
                                                        {"__bio_release_pages", "block/bio.c"},
                                                        {"blkdev_bio_end_io", "block/fops.c"}};
  const auto at = files.find(f.text);
  if (at == files.end()) return {};
  return {{0, f.text, at->second, 10, false, 0}};
}

constexpr const char* pin_path =
    "__page_ref_mod gup_fast pin_user_pages_fast bio_iov_iter_get_pages ksys_read";
constexpr const char* unpin_path = "unpin_user_folio __bio_release_pages blkdev_bio_end_io";
constexpr const char* put_path = "folio_put __bio_release_pages blkdev_bio_end_io";

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
  EXPECT_TRUE(ledger.unmatched.empty());
  for (const auto& h : ledger.holders) EXPECT_EQ(h.held, 0);
  EXPECT_FALSE(suspect(ledger, nullptr, nullptr).has_value() &&
               suspect(ledger, nullptr, patched_release)->patch > 0);
  Report r{.test = "bio/dio_rw", .kernel = "tip", .ledger = ledger, .base = {}, .suspect = {}};
  EXPECT_THAT(to_text(r), HasSubstr("Every pin that was taken was released."));
  EXPECT_THAT(to_text(r), Not(HasSubstr("look at")));
}

TEST(Ledger, ALostEventNamesNobody) {
  Guest g;
  g.change(0x1, 1024, 1026, pin_path).line("overrun: 3");
  const auto ledger = make_ledger(g.capture(), resolve);
  EXPECT_FALSE(ledger.sure);
  EXPECT_FALSE(suspect(ledger, nullptr, patched_release).has_value());
  Report r{.test = "bio/dio_rw", .kernel = "tip", .ledger = ledger, .base = {}, .suspect = {}};
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
  ASSERT_THAT(ledger.unmatched, SizeIs(1));
  EXPECT_EQ(ledger.unmatched[0].pins, 1);
  EXPECT_EQ(suspect(ledger, nullptr, patched_release)->why, Suspect::Why::took_too_little);
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

/// A trace of a guest, cut to a few pages.
Ledger ledger_of(const std::string& file) {
  const auto text = read_file(fs::path(PINRIG_TESTDATA) / file);
  EXPECT_TRUE(text.has_value());
  const auto capture = read_capture(text.has_value() ? *text : "");
  EXPECT_TRUE(capture.has_value());
  return capture.has_value() ? make_ledger(*capture, nullptr) : Ledger{};
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

// The same test on the base, as a negative control, and what it adds to the leak.
TEST(RealTrace, OfTheBaseNamesNobodyAndSaysWhoReleases) {
  const auto base = ledger_of("rds-balanced.console");
  EXPECT_TRUE(base.sure);
  EXPECT_GE(base.taken, 4);
  EXPECT_EQ(base.taken, base.released);
  EXPECT_TRUE(base.unmatched.empty());
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
  Report r{.test = "bio/dio_rw",
           .kernel = "tip-x86_64-debug",
           .ledger = make_ledger(g.capture(), resolve),
           .base = {},
           .suspect = {},
           .acquired = 1};
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
  EXPECT_THAT(without, HasSubstr("stacktrace if val >= 1023 || val <= -1023 || count >= 1023"));
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
