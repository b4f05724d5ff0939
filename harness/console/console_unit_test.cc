// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>

#include "console/console.h"
#include "console/markers.h"
#include "console/message.h"
#include "console/table.h"

namespace pinrig::console {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(Markers, FindTheFirstWordThatEnds) {
  const Markers m({"he", "she", "his", "hers"});
  EXPECT_EQ(m.find("ushers"), 3U);
  EXPECT_EQ(m.find("xxhisx"), 4U);
  EXPECT_EQ(m.find("hhhhhe"), 5U);
  EXPECT_EQ(m.find("shi"), std::string_view::npos);
  EXPECT_EQ(m.find(""), std::string_view::npos);
}

TEST(Markers, FollowFailureLinksIntoOtherWords) {
  const Markers m({"abcd", "bce"});
  EXPECT_EQ(m.find("abce"), 3U);
  EXPECT_EQ(m.find("ababcd"), 5U);
  EXPECT_EQ(Markers({"abcd", "bc"}).find("abcx"), 2U);
}

struct Line {
  const char* text;
  const char* caller;
  double stamp;
  const char* message;
};

TEST(TakeApart, RemovesWhatPrintkAndTerminalsPutAround) {
  const Line lines[] = {
      {"[    1.234567] hello", "", 1.234567, "hello"},
      {"[    1.234567]  indented", "", 1.234567, " indented"},
      {"[12345.678901] x\r\r", "", 12345.678901, "x"},
      {"<4>[    1.234567] x", "", 1.234567, "x"},
      {"<4>x", "", -1, "x"},
      {"[    1.234567][  T12] x", "T12", 1.234567, "x"},
      {"[    1.234567] [    C1] x", "C1", 1.234567, "x"},
      {"[    1.234567] [ BUG: Invalid wait context ]", "", 1.234567, "[ BUG: Invalid wait context ]"},
      {"[    1.234567] [Txt] x", "", 1.234567, "[Txt] x"},
      {"\x1b[0;1m[    1.234567]\x1b[0m x", "", 1.234567, "x"},
      {"user text[    1.234567] x", "", 1.234567, "x"},
      {"[INFO] no stamp", "", -1, "[INFO] no stamp"},
      {"[1.5] no stamp", "", -1, "[1.5] no stamp"},
      {"", "", -1, ""}};
  for (const Line& l : lines) {
    std::string buffer;
    const Message m = take_apart(l.text, buffer);
    EXPECT_EQ(m.text, l.message) << l.text;
    EXPECT_EQ(m.caller, l.caller) << l.text;
    EXPECT_DOUBLE_EQ(m.stamp_s, l.stamp) << l.text;
  }
}

TEST(Normalised, HidesWhatDiffersBetweenRuns) {
  EXPECT_EQ(normalised("at address 0xffff888003a1c300 by CPU#3 pid 77"), "at address ADDR by CPU#N pid N");
  EXPECT_EQ(normalised("Kernel stack in: gup_fast+0x1a1/0x300"), "Kernel stack in: gup_fast");
  EXPECT_EQ(normalised("bad deadbeefcafe0123, ext4 and nvme0n1 at x.c:12"),
            "bad ADDR, ext4 and nvme0n1 at x.c:N");
  EXPECT_EQ(normalised("facade decade"), "facade decade");
  EXPECT_EQ(normalised("init died, exitcode=0x0000000b"), "init died, exitcode=0x0000000b");
  EXPECT_EQ(normalised("a\x01\xff. "), "a??");
  EXPECT_EQ(normalised(std::string(5000, '-')).size(), 200U);
}

TEST(FunctionAt, TakesTheNameOfAFrame) {
  EXPECT_EQ(function_at(" try_grab_folio+0x1f8/0x23c (P)"), "try_grab_folio");
  EXPECT_EQ(function_at("0010:gup_fast.constprop.0+0x1/0x2"), "gup_fast");
  EXPECT_EQ(function_at("[<ffffffff81000000>] bio_put+0x1/0x2"), "bio_put");
  EXPECT_EQ(function_at("0033:0x41f2d2"), "");
  EXPECT_EQ(function_at("</TASK>"), "");
}

struct Said {
  const char* text;
  const char* kind;
  const char* title;
};

class Table : public testing::TestWithParam<Said> {};

// Each through parse(): the row has to fit, and one of the markers has to lead to it.
TEST_P(Table, KnowsWhatTheKernelSays) {
  const Log log = parse(fmt::format("[    1.000000] {}\n", GetParam().text));
  if (std::string(GetParam().kind).empty()) {
    EXPECT_THAT(log.events, IsEmpty()) << log.events.front().title;
    return;
  }
  ASSERT_THAT(log.events, SizeIs(1));
  EXPECT_EQ(log.events[0].kind, GetParam().kind);
  EXPECT_EQ(log.events[0].title, GetParam().title);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, Table,
    testing::Values(
        Said{"Kernel panic - not syncing: Out of memory: compulsory panic_on_oom is enabled", "panic",
             "panic: Out of memory: compulsory panic_on_oom is enabled"},
        Said{"Kernel panic - not syncing: System is deadlocked on memory", "panic",
             "panic: System is deadlocked on memory"},
        Said{"BUG: KASAN: double-free in kfree+0x6b/0x330", "kasan", "KASAN: double-free in kfree"},
        Said{"BUG: KFENCE: use-after-free read in bio_put+0x6b/0x330", "kfence",
             "KFENCE: use-after-free read in bio_put"},
        Said{"BUG: KCSAN: data-race in gup_fast / zap_pte_range", "race", "KCSAN: data-race in gup_fast"},
        Said{"BUG: unable to handle page fault for address: ffffea0000123440", "oops",
             "BUG: unable to handle page fault"},
        Said{"BUG: unable to handle kernel paging request at ffffea0000123440", "oops",
             "BUG: unable to handle paging request"},
        Said{"BUG: TASK stack guard page was hit at 00000000dead0000 (stack is 1..2)", "oops",
             "BUG: stack guard page was hit"},
        Said{"BUG: Bad page map in process cow  pte:80000000 pmd:12345067", "bad_page", "BUG: Bad page map"},
        Said{"BUG: Bad rss-counter state mm:00000000c0ffee00 type:MM_ANONPAGES val:2", "rss_counter",
             "BUG: Bad rss-counter state of MM_ANONPAGES"},
        Said{"BUG: non-zero pgtables_bytes on freeing mm: 4096", "rss_counter",
             "BUG: non-zero pgtables_bytes on freeing mm"},
        Said{"[ BUG: Invalid wait context ]", "lockdep", "lockdep: invalid wait context"},
        Said{"BUG: sleeping function called from invalid context at mm/gup.c:1410", "atomic_sleep",
             "BUG: sleeping function called from invalid context at mm/gup.c"},
        Said{"BUG: scheduling while atomic: cow/99/0x00000002", "atomic_sleep",
             "BUG: scheduling while atomic"},
        Said{"BUG: spinlock bad magic on CPU#0, cow/99", "lock", "BUG: spinlock bad magic"},
        Said{"BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 31s!", "soft_lockup",
             "BUG: workqueue lockup"},
        Said{"watchdog: Watchdog detected hard LOCKUP on cpu 1", "hard_lockup", "hard lockup"},
        Said{"BUG: memory leak", "memory_leak", "BUG: memory leak"},
        Said{"BUG: using smp_processor_id() in preemptible [00000000] code: cow/99", "preemptible",
             "BUG: using smp_processor_id() in preemptible code"},
        Said{"kernel BUG at mm/huge_memory.c:2190!", "bug", "kernel BUG at mm/huge_memory.c"},
        Said{"BUG kmalloc-64 (Not tainted): Poison overwritten", "slab",
             "slab kmalloc-N: Poison overwritten"},
        Said{"BUG: something nobody has seen 12 times", "bug", "BUG: something nobody has seen N times"},
        Said{"general protection fault, probably for non-canonical address 0xdead: 0000 [#1] SMP", "oops",
             "general protection fault"},
        Said{"divide error: 0000 [#1] PREEMPT SMP", "oops", "divide error"},
        Said{"Oops: 0002 [#1] PREEMPT SMP", "oops", "Oops"},
        Said{"PANIC: double fault, error_code: 0x0", "oops", "double fault"},
        Said{"Unable to handle kernel NULL pointer dereference at virtual address 0000000000000008", "oops",
             "Unable to handle kernel NULL pointer dereference"},
        Said{"Unable to handle kernel write to read-only memory at virtual address ffff800010000000", "oops",
             "Unable to handle kernel write to read-only memory"},
        Said{"Internal error: synchronous external abort: 0000000096000010 [#1] PREEMPT SMP", "oops",
             "Internal error: synchronous external abort"},
        Said{"SError Interrupt on CPU1, code 0x00000000bf000002 -- SError", "oops", "SError interrupt"},
        Said{"refcount_t: saturated; leaking memory.", "refcount", "refcount_t: saturated; leaking memory"},
        Said{"WARNING: CPU: 1 PID: 9 at lib/refcount.c:25 refcount_warn_saturate+0x1/0x2", "refcount",
             "refcount_t warning"},
        Said{"WARNING: CPU: 1 PID: 9 at mm/gup.c:25 try_grab_folio+0x1/0x2", "warning",
             "WARNING at mm/gup.c in try_grab_folio"},
        Said{"WARNING: mm/gup.c:25 at try_grab_folio+0x1/0x2, CPU#1: cow/9", "warning",
             "WARNING at mm/gup.c in try_grab_folio"},
        Said{"WARNING: suspicious RCU usage", "lockdep", "lockdep: suspicious RCU usage"},
        Said{"WARNING: possible recursive locking detected", "lockdep",
             "lockdep: possible recursive locking"},
        Said{"WARNING: bad unlock balance detected!", "lockdep", "lockdep: bad unlock balance"},
        Said{"WARNING: inconsistent lock state", "lockdep", "lockdep: inconsistent lock state"},
        Said{"WARNING: SOFTIRQ-safe -> SOFTIRQ-unsafe lock order detected", "lockdep",
             "lockdep: SOFTIRQ-safe -> SOFTIRQ-unsafe lock"},
        Said{"UBSAN: array-index-out-of-bounds in mm/gup.c:12:3", "ubsan",
             "UBSAN: array-index-out-of-bounds at mm/gup.c"},
        Said{"INFO: task kworker/0:1:9 blocked for more than 120 seconds.", "hung_task", "task hung"},
        Said{"rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:", "rcu_stall", "RCU stall"},
        Said{"rcu: INFO: rcu_sched self-detected stall on CPU", "rcu_stall", "RCU stall"},
        Said{"INFO: trying to register non-static key.", "lockdep", "lockdep: non-static key"},
        Said{"irq 11: nobody cared (try booting with the \"irqpoll\" option)", "irq", "irq N: nobody cared"},
        Said{"Memory cgroup out of memory: Killed process 9 (cow) total-vm:1kB", "oom",
             "out of memory: killed cow"},
        Said{"cow invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0", "oom", "cow invoked oom-killer"},
        Said{"unregister_netdevice: waiting for eth0 to become free. Usage count = 2", "reference",
             "unregister_netdevice waits for eth0"},
        Said{"kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)", "memory_leak",
             "kmemleak: new suspected memory leaks"},
        Said{"mce: [Hardware Error]: Machine check events logged", "hardware",
             "Hardware Error: Machine check events logged"},
        Said{"INFO: task fio:5612 blocked in I/O wait for more than 143 seconds.", "hung_task", "task hung"},
        Said{"segment-related general protection fault: 0028 [#1] SMP", "oops",
             "segment-related general protection fault"},
        Said{"Bad pagetable: 000d [#1] SMP", "oops", "Bad pagetable"},
        Said{"divide_error: 0000 [#1] SMP", "oops", "divide_error"},
        Said{"Insufficient stack space to handle exception!", "oops", "kernel stack overflow"},
        Said{"WARNING: Nested lock was not taken", "lockdep", "lockdep: Nested lock was not taken"},
        Said{"BUG: KCSAN: assert: race in gup_fast / zap_pte_range", "race",
             "KCSAN: assert: race in gup_fast"},
        Said{"BUG: MAX_LOCKDEP_ENTRIES too low!", "lockdep", "lockdep: MAX_LOCKDEP_ENTRIES too low"},
        Said{"[ BUG: held lock freed! ]", "lockdep", "lockdep: held lock freed"},
        Said{"[ INFO: possible circular locking dependency detected ]", "lockdep",
             "lockdep: possible circular locking dependency"},
        Said{"[ INFO: suspicious RCU usage. ]", "lockdep", "lockdep: suspicious RCU usage"},
        Said{"UBSAN: Undefined behaviour in mm/gup.c:12:3", "ubsan",
             "UBSAN: undefined behaviour at mm/gup.c"},
        Said{"INFO: The task fio:88 has been waiting for writeback completion for more than 122 seconds.",
             "hung_task", "task waits for writeback"},
        Said{"BUG at xa_alloc_test:12", "bug", "BUG at xa_alloc_test"},
        Said{"BUG in find_next_ancestor: called with parent == child", "bug", "BUG in find_next_ancestor"},
        Said{"PANIC: invalid or fatal FRED event; event type 3 vector 1 error 0x0 aux 0x0 at 0010:ffff",
             "oops", "invalid or fatal FRED event"},
        Said{"Unhandled 64-bit el1h sync exception on CPU1, ESR 0x0000000096000004 -- DABT (current EL)",
             "oops", "unhandled N-bit el1h sync exception"},
        Said{"cow: Corrupted page table at address 7f0000001000", "oops", "Corrupted page table"},
        Said{"Fixing recursive fault but reboot is needed!", "oops", "recursive fault"},
        Said{"UBSAN: array index out of bounds at gup_fast+0x1/0x2", "ubsan",
             "UBSAN: array index out of bounds in gup_fast"},
        Said{"smp: csd: Detected non-responsive CSD lock (#1) on CPU#0, waiting 5000000000 ns for CPU#01 "
             "do_nothing+0x0/0x10(0x0).",
             "soft_lockup", "CSD lock not released"},
        Said{"iommufd: Time out waiting for iommufd object to become free", "reference",
             "iommufd object does not become free"},
        Said{"page_pool_empty_ring() page_pool refcnt 2 violation", "reference",
             "page_pool refcnt violation"},
        Said{"this debug in progress and Unhandled words", "", ""},
        Said{"WARNING: mandatory locking was asked for and is gone", "", ""},
        Said{"WARNING: /etc/ssh/moduli does not exist, using fixed modulus", "", ""},
        Said{"** 17 printk messages dropped **", "events_lost", "printk messages dropped"},
        Said{"Nov 29 20:00:00 host kernel: ** 17 printk messages dropped **", "events_lost",
             "printk messages dropped"},
        Said{"dmesg: /dev/kmsg buffer overrun, some messages lost.", "events_lost", "kernel messages lost"},
        Said{"systemd-journald[123]: Missed 12 kernel messages", "events_lost", "kernel messages lost"},
        Said{"Linux version 6.12.117", "", ""},
        Said{"traps: pin[93] general protection fault ip:401b2d", "", ""},
        Said{"lockdep: INFO: lockdep is turned off.", "", ""}, Said{"Booting with DEBUG_VM", "", ""},
        Said{"cow: this WARNING: is user space's", "", ""},
        Said{"---[ end Kernel panic - not syncing: x ]---", "", ""}));

TEST(Parse, GivesEventsTheTestThatRan) {
  const std::string bug = "[    1.000000] BUG: memory leak\n";
  const Log log = parse(bug + "[    1.000000] pinrig: agent protocol 1\n" + bug +
                        "[    1.000000] pinrig: begin a/a\n" + bug + "[    1.000000] pinrig: end a/a\n" +
                        bug + "[    1.000000] pinrig: begin b/b with blanks \n" + bug +
                        "[    1.000000] pinrig: begin c/c\n" + bug);
  std::vector<std::string> owners;
  for (const auto& e : log.events) owners.push_back(e.owner);
  EXPECT_THAT(owners, testing::ElementsAre("", "a/a", "b/b with blanks", "c/c"));
  EXPECT_EQ(log.events[0].count, 3);  // before, between and after tests
  EXPECT_TRUE(log.booted);
  EXPECT_THAT(log.begun, testing::ElementsAre("a/a", "b/b with blanks", "c/c"));
  EXPECT_THAT(log.ended, testing::ElementsAre("a/a"));
}

TEST(Parse, SaysThatACompressedLogWasNotRead) {
  for (const char* packed : {"\x1f\x8b\x08 rest",
                             "\xfd"
                             "7zXZ rest",
                             "\x28\xb5\x2f\xfd rest", "BZh91AY"}) {
    const Log log = parse(packed);
    ASSERT_EQ(log.events.size(), 1U) << packed;
    EXPECT_EQ(log.events[0].kind, "events_lost");
  }
}

TEST(Parse, BlamesNoWordThatWasOnlyFoundOnTheStack) {
  const Log log = parse(
      "INFO: task x:9 blocked for more than 120 seconds.\nCall Trace:\n <TASK>\n __schedule+0x1/0x2\n"
      " ? stale+0x1/0x2\n folio_wait_bit+0x1/0x2\n");
  EXPECT_EQ(log.events.at(0).function, "folio_wait_bit");
}

TEST(Parse, TakesAnUnknownWarningForOneWhenTheKernelGoesOn) {
  const std::string says = "[    1.000000] WARNING: something new\n";
  EXPECT_THAT(parse(says + "[    1.000000] a line\n").events, IsEmpty());
  EXPECT_THAT(parse(says + "[    1.000000] CPU: 1 PID: 9 Comm: cow Not tainted\n").events, SizeIs(1));
  EXPECT_THAT(parse(says + "[    1.000000] Call Trace:\n").events, SizeIs(1));
}

TEST(Parse, BlamesTheCallerOfALock) {
  const Log log = parse(
      "watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [x:9]\nCPU: 1 PID: 9 Comm: x\n"
      "RIP: 0010:queued_spin_lock_slowpath+0x1/0x2\nCall Trace:\n _raw_spin_lock+0x1/0x2\n"
      " zap_pte_range+0x1/0x2\n");
  EXPECT_EQ(log.events.at(0).function, "zap_pte_range");
}

TEST(Parse, KeepsAKasanReportWithItsPageDumpWhole) {
  const std::string bar(66, '=');
  const Log log =
      parse(bar + "\nBUG: KASAN: use-after-free in bio_put+0x1/0x2\nRead of size 8 at addr ffff\n" +
            "Call Trace:\n bio_put+0x1/0x2\n\nThe buggy address belongs to the physical page:\n"
            "page: refcount:0 mapcount:0\npage dumped because: kasan: bad access detected\n\n"
            "Memory state around the buggy address:\n ffff888003a1c200: fc fc fc\n" +
            bar + "\n");
  ASSERT_THAT(log.events, SizeIs(1));
  EXPECT_EQ(log.events[0].title, "KASAN: use-after-free Read in bio_put");
  EXPECT_EQ(log.events[0].last_line, 13);
}

TEST(Parse, FollowsATraceThroughInlinedFrames) {
  const Log log = parse(
      "WARNING: CPU: 1 PID: 9 at mm/gup.c:25\nCall Trace:\n dump_stack+0x1/0x2 lib/dump_stack.c:9\n"
      " try_grab_page mm/gup.c:130 [inline]\n gup_fast+0x1/0x2 mm/gup.c:200\n");
  EXPECT_EQ(log.events.at(0).last_line, 5);
  EXPECT_EQ(log.events[0].function, "gup_fast");
}

TEST(Parse, SaysOfAnEncodingThatItIsNotRead) {
  std::string wide = "\xff\xfe";
  for (const char c : std::string("[    1.000000] BUG: memory leak\n")) wide += std::string{c, '\0'};
  ASSERT_THAT(parse(wide).events, SizeIs(1));
  EXPECT_EQ(parse(wide).events[0].kind, "events_lost");
  ASSERT_THAT(parse(wide.substr(2) + wide.substr(2)).events, SizeIs(1));  // without its mark
  EXPECT_THAT(
      parse(std::string("a\0b\nplain text with one zero byte, and more than enough of it to judge by\n", 77))
          .events,
      IsEmpty());
}

TEST(Parse, EndsAnEventAtTheNextMark) {
  const Log log = parse(
      "[    1.000000] pinrig: begin a/a\n[    1.000000] BUG: memory leak\n[    1.000000] pinrig: end a/a\n"
      "[    1.000000] RIP: 0010:other+0x1/0x2\n");
  ASSERT_THAT(log.events, SizeIs(1));
  EXPECT_EQ(log.events[0].function, "");
  EXPECT_EQ(log.events[0].last_line, 2);
}

TEST(Parse, DoesNotCallARequestedRebootAPanic) {
  const Log log = parse(
      "[    1.0] x\n[    1.000000] Linux version 6\n[    9.000000] reboot: Restarting system\n"
      "[    0.000000] Linux version 6\n");
  EXPECT_THAT(log.events, IsEmpty());
  EXPECT_FALSE(log.panicked);
  EXPECT_TRUE(log.powered_off);
}

TEST(Parse, ATestThatWritesOfARestartDoesNotPowerOff) {
  const auto text = std::string(
      "[    1.000000] pinrig: begin bio/a\n[    1.100000] reboot: Restarting system\n"
      "[    1.200000] pinrig: end bio/a\n");
  EXPECT_FALSE(parse(text).powered_off);
  EXPECT_TRUE(parse(text + "[    2.000000] reboot: Restarting system\n").powered_off);
}

TEST(Parse, CountsRepeatsAndKeepsTheFirst) {
  std::string text = "[    1.000000] pinrig: begin a/a\n";
  for (int i = 0; i < 1500; ++i) text += "[    1.000000] page dumped because: gup_test\n";
  text +=
      "[    1.000000] BUG: memory leak\n[    1.000000] pinrig: begin b/b\n[    1.000000] BUG: memory leak\n";
  const Log log = parse(text + "[    1.000000] Kernel panic - not syncing: at last\n");
  ASSERT_THAT(log.events, SizeIs(4));
  EXPECT_EQ(log.events[0].count, 1500);
  EXPECT_EQ(log.events[0].first_line, 2);
  EXPECT_EQ(log.events[1].kind, "memory_leak");  // behind 1500 harmless ones
  EXPECT_EQ(log.events[2].owner, "b/b");
  EXPECT_TRUE(log.events[3].fatal);
}

TEST(Parse, SaysOfTooManyDifferentReportsThatSomeAreLost) {
  std::string text;
  for (int i = 0; i < 60; ++i)
    text +=
        fmt::format("[    1.000000] BUG: some {} kind\n", std::string(static_cast<std::size_t>(i + 1), 'x'));
  const Log log = parse(text + "[    1.000000] BUG: memory leak\n");
  ASSERT_THAT(log.events, SizeIs(52));
  EXPECT_EQ(log.events[50].kind, "memory_leak");
  EXPECT_EQ(log.events[51].kind, "events_lost");
  EXPECT_EQ(log.events[51].title, "further reports of kind bug omitted");
  EXPECT_EQ(log.events[51].count, 10);
}

TEST(Parse, AFloodOfPanicsAndOfOwnersHasABound) {
  std::string text;
  for (int i = 0; i < 5000; ++i)
    text += fmt::format("[    1.000000] pinrig: begin a/{}\n[    1.000000] Kernel panic - not syncing: {}\n",
                        i, std::string(static_cast<std::size_t>(i % 100), 'x'));
  const Log log = parse(text);
  int fatal = 0;
  int lost = 0;
  for (const auto& e : log.events) {
    fatal += e.fatal ? 1 : 0;
    if (e.kind == "events_lost") lost += e.count;
  }
  EXPECT_EQ(fatal, 2500);
  EXPECT_EQ(lost, 2000) << "as many owners as are remembered";
  EXPECT_TRUE(log.panicked);
}

TEST(Parse, AFloodOfOthersDoesNotHideTheEnd) {
  std::string text;
  for (int i = 0; i < 3000; ++i)
    text += fmt::format("[    1.000000] pinrig: begin a/{}\n[    1.000000] BUG: memory leak\n", i);
  const Log log = parse(text + "[    1.000000] Kernel panic - not syncing: at last\n");
  const auto end = std::find_if(log.events.begin(), log.events.end(), [](const auto& e) { return e.fatal; });
  ASSERT_NE(end, log.events.end());
  EXPECT_EQ(end->title, "panic: at last");
  EXPECT_EQ(end->owner, "a/2999");
}

TEST(Parse, KeepsTheReportItself) {
  const Log log = parse(
      "[    1.000000] ------------[ cut here ]------------\n"
      "[    1.000000] WARNING: CPU: 1 PID: 9 at mm/gup.c:25 try_grab_folio+0x1/0x2\n"
      "[    1.000000] Modules linked in:\n[    1.000000] somebody \x1b[31melse\n"
      "[    1.000000] Call Trace:\n[    1.000000]  gup_fast+0x1/0x2\n[    1.000000] ---[ end trace 0 ]---\n"
      "[    1.000000] not of it\n");
  ASSERT_THAT(log.events, SizeIs(1));
  EXPECT_THAT(log.events[0].text,
              testing::ElementsAre("WARNING: CPU: 1 PID: 9 at mm/gup.c:25 try_grab_folio+0x1/0x2",
                                   "Modules linked in:", "somebody else", "Call Trace:", " gup_fast+0x1/0x2",
                                   "---[ end trace 0 ]---"));
}

TEST(Parse, KeepsSixtyLinesOfAReport) {
  std::string text = "BUG: KASAN: use-after-free in bio_put+0x1/0x2\nCall Trace:\n";
  for (int i = 0; i < 200; ++i) text += fmt::format(" deep_{}+0x1/0x2\n", i);
  const Log log = parse(text + std::string(40, '=') + "\n");
  ASSERT_THAT(log.events, SizeIs(1));
  EXPECT_THAT(log.events[0].text, SizeIs(60));
  EXPECT_EQ(log.events[0].last_line, 203);
}

TEST(Parse, CountsLinesAndRemembersTheLast) {
  EXPECT_EQ(parse("").line_count, 0);
  EXPECT_EQ(parse("a\nb\n").line_count, 2);
  const Log log = parse("[    1.500000] a\n\x01 end\n   \nlast");
  EXPECT_EQ(log.line_count, 4);
  EXPECT_EQ(log.last_line, "last");
  EXPECT_DOUBLE_EQ(log.last_stamp_s, 1.5);
  EXPECT_EQ(parse("x\n\n \n").last_line, "x");
  // Found by the fuzzer: a stamp with nothing behind it. It does not matter how the log arrives.
  const Log blank = parse("[    1.500000] a\n[    2.500000]  \n");
  EXPECT_EQ(blank.last_line, "a");
  EXPECT_DOUBLE_EQ(blank.last_stamp_s, 2.5);
}

TEST(Parse, SurvivesALineWithoutEnd) {
  Parser parser;
  const std::string piece(10000, 'x');
  for (int i = 0; i < 100; ++i) parser.feed(piece);
  parser.feed("\n[    1.000000] BUG: memory leak\n");
  const Log log = parser.finish();
  ASSERT_THAT(log.events, SizeIs(1));
  EXPECT_EQ(log.events[0].first_line, 2);
  EXPECT_EQ(log.line_count, 2);
}

TEST(Parse, NeverFailsOnDamagedLogs) {
  std::string whole =
      "[    1.000000] pinrig: begin a/a\n[    1.100000] ------------[ cut here ]------------\n"
      "[    1.100000] kernel BUG at mm/gup.c:1!\n[    1.100000] RIP: 0010:x+0x1/0x2\n[    1.100000] Call "
      "Trace:\n"
      "[    1.100000]  y+0x1/0x2\n[    1.100000] ---[ end trace 0 ]---\n[    1.2] Kernel panic - not "
      "syncing: z\n";
  std::mt19937 random(3);
  for (int round = 0; round < 500; ++round) {
    std::string text = whole;
    for (int i = 0; i < 20; ++i) text[random() % text.size()] = static_cast<char>(random() % 256);
    EXPECT_TRUE(nlohmann::json::parse(to_json(parse(text))).contains("events"));
  }
}

TEST(Parse, IsWrittenAsJson) {
  const auto j = nlohmann::json::parse(
      to_json(parse("[    1.000000] pinrig: begin a/a\n[    2.000000] Kernel panic - not syncing: x\n")));
  EXPECT_EQ(j["booted"], true);
  EXPECT_EQ(j["panicked"], true);
  EXPECT_EQ(j["line_count"], 2);
  EXPECT_EQ(j["last_stamp_s"], 2.0);
  EXPECT_EQ(j["events"][0]["kind"], "panic");
  EXPECT_EQ(j["events"][0]["owner"], "a/a");
  EXPECT_EQ(j["events"][0]["fatal"], true);
}

}  // namespace
}  // namespace pinrig::console
