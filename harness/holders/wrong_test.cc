// SPDX-License-Identifier: GPL-2.0
// What goes wrong other than a leak: pinned pages that fork() shares or a write replaces, and pages that the
// kernel finds bad.
#include <gmock/gmock.h>

#include "holders/suspect.h"
#include "holders/testing.h"
#include "holders/text.h"

namespace pinrig::holders {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using How = Copied::How;

constexpr const char* fork_path =
    "__page_ref_mod folio_get copy_present_ptes copy_page_range dup_mmap kernel_clone";
constexpr const char* no_fork_path =
    "__page_ref_mod_and_test folio_put copy_present_ptes copy_page_range dup_mmap kernel_clone";
constexpr const char* fault_path =
    "__page_ref_mod_and_test folio_put wp_page_copy do_wp_page handle_mm_fault";

TEST(Copied, APinnedPageThatForkSharesAndAWriteReplaces) {
  Guest g;
  g.change(0x1, 1024, 1025, pin_path).change(0x1, 1, 1026, fork_path).change(0x1, -1, 1025, fault_path);
  g.change(0x2, 1024, 1025, pin_path).change(0x2, 1, 1026, fork_path);
  const auto ledger = make_ledger(g.capture(), resolve);
  ASSERT_THAT(ledger.copied, SizeIs(2));
  EXPECT_EQ(ledger.copied[0].how, How::shared_by_fork);
  EXPECT_THAT(ledger.copied[0].pages, ElementsAre(0x1, 0x2));
  EXPECT_EQ(ledger.copied[1].how, How::replaced);
  EXPECT_THAT(ledger.copied[1].pages, ElementsAre(0x1));
  EXPECT_EQ(ledger.copied[1].task, "dio_rw");
  EXPECT_EQ(ledger.copied[1].pinned_by.at(0).function, "gup_fast");
  const auto named = suspect(ledger, nullptr, [](Tree, const model::SourceLine& l) {
    return l.function == "copy_present_ptes" ? 1 : 0;
  });
  ASSERT_TRUE(named.has_value());
  EXPECT_EQ(named->why, Suspect::Why::shared_by_fork);
  Report r;
  r.ledger = ledger;
  EXPECT_THAT(to_text(r), HasSubstr("2 pinned pages, pfn 0x1, 0x2, shared with a child by dio_rw, pid 85:"));
  EXPECT_THAT(to_text(r), HasSubstr("1 pinned page, pfn 0x1, replaced by a copy by dio_rw, pid 85:\n"));
  EXPECT_THAT(summary(r), testing::Contains("1 pinned page replaced by a copy by dio_rw"));
}

// Negative controls: fork() takes a reference before it finds the pin; pages that nobody has pinned; pages of
// files, which a private mapping may replace whoever has pinned them.
TEST(Copied, WhatTheKernelMayDoIsNone) {
  Guest g;
  g.change(0x1, 1024, 1025, pin_path).change(0x1, 1, 1026, fork_path).change(0x1, -1, 1025, no_fork_path);
  g.change(0x1, -1024, 1, unpin_path).change(0x1, 1, 2, fork_path).change(0x1, -1, 1, fault_path);
  g.change(0x2, 1, 2000, fork_path).change(0x2, -1, 1999, fault_path);
  EXPECT_THAT(make_ledger(g.capture(), resolve).copied, IsEmpty());
  std::string file = Guest().change(0x3, 1024, 1025, pin_path).change(0x3, -1, 1024, fault_path).console();
  for (std::size_t at; (at = file.find("1b001")) != std::string::npos;) file.replace(at, 5, "1b000");
  EXPECT_THAT(make_ledger(read_capture(file).value(), resolve).copied, IsEmpty());
}

constexpr const char* bad_page =
    "[    3.100000] BUG: Bad page state in process dio_rw  pfn:0de96\r\n"
    "[    3.100001][   T85] page: refcount:-1023 mapcount:0 mapping:0000000000000000 index:0x0 pfn:0xde96\n"
    "[    3.100002] flags: 0x100000000000000(node=0|zone=1)\n"
    "[    3.100003] raw: 0100000000000000 dead000000000100 dead000000000122 0000000000000000\n"
    "[    3.100004] page dumped because: nonzero _refcount\n"
    "[    3.100005] page_owner tracks the page as allocated\n"
    "[    3.100006] page last allocated via order 0, migratetype Movable, gfp_mask 0x140dca(GFP_X), pid 85, "
    "tgid "
    "84 (dio rw), ts 3000, free_ts 2000\n"
    "[    3.100007]  get_page_from_freelist+0x1a/0x40\n"
    "[    3.100008]  vma_alloc_folio+0x2/0x10\n"
    "[    3.100009] page last free pid 7 tgid 7 stack trace:\n"
    "[    3.100010]  free_unref_page+0x1/0x2\n"
    "[    3.100011] Modules linked in:\n"
    "[    3.100012] CPU: 0 UID: 0 PID: 85 Comm: dio_rw Not tainted\n"
    "[    3.100013] Call Trace:\n"
    "[    3.100014]  <TASK>\n"
    "[    3.100015]  dump_stack_lvl+0x1/0x2\n"
    "[    3.100016]  ? bad_page.cold+0x1/0x2\n"
    "[    3.100017]  bad_page+0x1/0x2\n"
    "[    3.100018]  </TASK>\n"
    "[    3.200000] something else\n"
    "[    3.300000]  of_another+0x1/0x2\n";

TEST(PageReports, HaveThePageAndWhoHadIt) {
  const auto all = read_page_reports(std::string("[    1.0] boot\n") + bad_page + bad_page);
  ASSERT_THAT(all, SizeIs(1)) << "each page once";
  const auto& r = all[0];
  EXPECT_EQ(r.pfn, 0xde96u);
  EXPECT_EQ(r.what, "Bad page state in process dio_rw: nonzero _refcount");
  EXPECT_EQ(r.state, "refcount:-1023 mapcount:0 mapping:0000000000000000 index:0x0");
  ASSERT_TRUE(r.allocated.has_value());
  EXPECT_EQ(r.allocated->task, "dio rw");
  EXPECT_EQ(r.allocated->pid, 85);
  ASSERT_THAT(r.allocated->stack, SizeIs(2));
  EXPECT_EQ(r.allocated->stack[1].text, "vma_alloc_folio+0x2/0x10");
  ASSERT_TRUE(r.freed.has_value());
  EXPECT_EQ(r.freed->pid, 7);
  ASSERT_THAT(r.freed->stack, SizeIs(1));
  ASSERT_THAT(r.seen, SizeIs(2)) << "without guesses";
  EXPECT_EQ(r.seen[1].text, "bad_page+0x1/0x2");
}

TEST(PageReports, WithoutPageOwnerOrOfAnOlderKernel) {
  const auto all = read_page_reports(
      "page:00000000f00 refcount:-1 mapcount:0 mapping:0000000000000000 index:0x0 pfn:0x12\n"
      "page dumped because: VM_BUG_ON_PAGE(page_ref_count(page) == 0)\n");
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].what, "VM_BUG_ON_PAGE(page_ref_count(page) == 0)");
  EXPECT_FALSE(all[0].allocated.has_value());
}

TEST(PageReports, WhatATestAsksForIsNone) {
  EXPECT_THAT(
      read_page_reports("page: refcount:2 mapcount:1 mapping:00 index:0x1 pfn:0x12\npage dumped because: "
                        "gup_test: dump_pages() test\n"),
      IsEmpty());
  EXPECT_THAT(read_page_reports("page: of a book\nBUG: Bad page state in process x  pfn:00012\n"), IsEmpty());
}

TEST(History, IsOfTheBadPageOnly) {
  Guest g;
  g.change(0xde96, 1024, 1025, pin_path).change(0x1, 1, 2, "x").change(0xde96, -1024, 1, unpin_path);
  g.change(0xde96, -1, 0, put_path);
  const auto pages = make_history(read_page_reports(bad_page), g.capture(), resolve, 2);
  ASSERT_THAT(pages, SizeIs(1));
  ASSERT_THAT(pages[0].steps, SizeIs(2));
  EXPECT_EQ(pages[0].earlier, 1u);
  EXPECT_EQ(pages[0].steps[0].by, -1024);
  EXPECT_EQ(pages[0].steps[1].count, 0);
  EXPECT_EQ(pages[0].steps[1].path.at(0).function, "folio_put");
  EXPECT_EQ(pages[0].allocated.at(1).function, "vma_alloc_folio");
  const auto named = suspect(
      pages, [](Tree, const model::SourceLine& l) { return l.function == "__bio_release_pages" ? 1 : 0; });
  ASSERT_TRUE(named.has_value());
  EXPECT_EQ(named->why, Suspect::Why::last_put);
  EXPECT_EQ(named->patch, 1);
  Report r;
  r.bad_pages = pages;
  const auto text = to_text(r);
  EXPECT_THAT(text,
              HasSubstr("pfn 0xde96: Bad page state in process dio_rw: nonzero _refcount (refcount:-1023"));
  EXPECT_THAT(text, HasSubstr("  its last 2 changes of 3, newest last:\n    -1024 to 1 by dio_rw, pid 85\n"));
  EXPECT_THAT(text, HasSubstr("  allocated by dio rw, pid 85:\n"));
  EXPECT_THAT(text, Not(HasSubstr("Every pin")));
}

TEST(History, OfNoBadPageNamesNobody) {
  const auto pages = make_history({}, Guest().change(0x1, -1, 0, put_path).capture(), resolve);
  EXPECT_THAT(pages, IsEmpty());
  EXPECT_FALSE(suspect(pages, nullptr).has_value());
}

TEST(HistoryScript, StopsAtTheReportAndPrintsItsPages) {
  const auto text = history_script("cd /tmp && /tests/x");
  EXPECT_THAT(text, HasSubstr("echo 'p:pinrig_bad bad_page' > kprobe_events"));
  EXPECT_THAT(text, HasSubstr("echo traceoff > events/kprobes/pinrig_bad/trigger"));
  EXPECT_THAT(text, HasSubstr("echo 'stacktrace' > events/page_ref/$e/trigger"));
  EXPECT_THAT(text, HasSubstr("tracing_on; cd /tmp && /tests/x)"));
  EXPECT_THAT(text, HasSubstr("awk -f /tmp/pages.awk trace\necho 'pinrig: holders end'"));
}

}  // namespace
}  // namespace pinrig::holders
