// SPDX-License-Identifier: GPL-2.0
// Which function of a report is to blame.
#include "console/blame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "console/console.h"

namespace pinrig::console {
namespace {

TEST(OnlyReports, ExcusesNothingOfMmButItsAllocators) {
  for (const char* f : {"try_grab_folio", "gup_put_folio", "free_unref_page", "unpin_user_pages",
                        "filemap_read", "folio_add_pin", "vm_normal_page", "bio_release_pages",
                        "iov_iter_extract_pages", "extract_user_to_sg"}) {
    EXPECT_FALSE(only_reports(f) || serves_its_caller(f)) << f;
  }
  for (const char* f :
       {"dump_stack_lvl", "panic", "__warn", "bad_page", "asm_exc_page_fault", "kasan_report", "__asan_load8",
        "print_circular_bug", "print_deadlock_bug", "mark_lock", "validate_chain",
        "_RNvCscSpY9Juk0HT_7___rustc17rust_begin_unwind", "el1h_64_sync_handler", "refcount_warn_saturate"}) {
    EXPECT_TRUE(only_reports(f)) << f;
  }
}

// A lock, a timer, an allocation or a copy fails for what its caller made of the object.
TEST(ServesItsCaller, IsALockATimerACopyOrAnAllocation) {
  for (const char* f : {"__mutex_lock", "_raw_spin_lock_irqsave", "queued_spin_lock_slowpath",
                        "lock_sock_nested", "rwsem_down_write_slowpath", "__timer_delete_sync",
                        "__flush_work", "strlen", "__kmalloc_noprof", "kmem_cache_alloc_lru_noprof",
                        "__alloc_frozen_pages_noprof", "_copy_to_iter", "debug_object_assert_init"})
    EXPECT_TRUE(serves_its_caller(f)) << f;
  for (const char* f : {"mutex", "strlen_user", "kfree", "__free_frozen_pages", "alloc_file_pseudo",
                        "_RNvMs3_NtCshgDM7dBCdno_11rust_binder7process"})
    EXPECT_FALSE(serves_its_caller(f)) << f;
}

// The wait itself says little: who waits for the page is to be named. What submits and waits is such a user.
TEST(OnlyWaits, ExcusesTheWaitAndNotItsUser) {
  for (const char* f : {"submit_bio_wait", "bio_wait", "io_ring_exit_work", "ib_umem_odp_release",
                        "lock_page", "truncate_inode_pages_range", "jbd2_log_wait_commit"}) {
    EXPECT_FALSE(only_waits(f) || only_reports(f) || serves_its_caller(f)) << f;
  }
  for (const char* f : {"folio_wait_bit_common", "__folio_lock", "blk_mq_freeze_queue_wait",
                        "wait_for_completion", "synchronize_rcu_expedited"})
    EXPECT_TRUE(only_waits(f)) << f;
}

/// The function of the only event.
std::string blamed(const std::string& text) {
  const Log log = parse(text);
  EXPECT_EQ(log.events.size(), 1U) << text;
  return log.events.empty() ? "" : log.events[0].function;
}

// The caller's last instruction is the call; what would be returned to is another function.
TEST(Blame, TheFunctionBehindACallThatNeverReturnsIsInnocent) {
  EXPECT_EQ(blamed("Kernel panic - not syncing: x\nCall trace:\n panic+0x354/0x368\n next_one+0x0/0x40\n"
                   " pin_pages+0x1c/0x40\n"),
            "pin_pages");
  // Unless it is where the exception was: of old arm64 kernels and of those since 6.13.
  const std::string oops = "Internal error: Oops - Undefined instruction: 0000000002000000 [#1] SMP\n";
  EXPECT_EQ(blamed(oops + "pc : pin_pages+0x0/0x40\nCall trace:\n pin_pages+0x0/0x40\n caller+0x8/0x10\n"),
            "pin_pages");
  EXPECT_EQ(blamed(oops + "Call trace:\n pin_pages+0x0/0x40 (P)\n caller+0x8/0x10\n"), "pin_pages");
  EXPECT_EQ(blamed(oops + "pc : die+0x0/0x40\nCall trace:\n die+0x0/0x40\n next_one+0x0/0x40\n"
                          " caller+0x8/0x10\n"),
            "caller");
}

// block/blk-mq.c and mm/page_alloc.c of real reports: the fault is in what was asked for.
TEST(Blame, TheCallerOfALockOfACopyOrOfAnAllocator) {
  const std::string cut = "------------[ cut here ]------------\n";
  const std::string cpu = "CPU: 0 UID: 0 PID: 9 Comm: cow Not tainted 7.1.0 #1 PREEMPT(full)\n";
  EXPECT_EQ(
      blamed(cut + "WARNING: kernel/locking/mutex.c:625 at __mutex_lock+0x944/0x1bc0, CPU#0: cow/9\n" + cpu +
             "RIP: 0010:__mutex_lock+0x94b/0x1bc0\nCall Trace:\n <TASK>\n pin_pages+0x4af/0x6f0\n </TASK>\n"),
      "pin_pages");
  EXPECT_EQ(
      blamed(
          cut + "WARNING: CPU: 0 PID: 9 at mm/page_alloc.c:4728 __alloc_frozen_pages_noprof+0x3c5/0x710\n" +
          cpu + "RIP: 0010:__alloc_frozen_pages_noprof+0x3c5/0x710\nCall Trace:\n <TASK>\n" +
          " __kmalloc_large_node_noprof+0x1a/0x80\n __kmalloc_noprof+0x339/0x4c0\n pin_pages+0x4f/0x100\n"),
      "pin_pages");
  EXPECT_EQ(blamed("BUG: KMSAN: kernel-infoleak in _copy_to_iter+0x870/0x1fd0\n _copy_to_iter+0x870/0x1fd0\n"
                   " simple_copy_to_iter+0x68/0xa0\n pin_pages+0x123/0xdc0\n" +
                   std::string(53, '=') + "\n"),
            "pin_pages");
  EXPECT_EQ(blamed("INFO: task cow:9 blocked in I/O wait for more than 143 seconds.\nCall trace:\n"
                   " __switch_to+0x2b0/0x6e0 (T)\n __schedule+0x1b74/0x2d24\n schedule+0xa4/0x140\n"
                   " io_schedule+0x1c/0xe0\n folio_wait_bit_common+0x674/0x9ec\n pin_pages+0x68/0x84\n"),
            "pin_pages");
}

// Better the lock than the way into the kernel, or nobody.
TEST(Blame, AServantWhoseCallerIsNotThere) {
  const std::string oops = "Oops: 0002 [#1] SMP\nRIP: 0010:mutex_unlock+0x4/0x20\n";
  EXPECT_EQ(blamed(oops + "Call Trace:\n <TASK>\n do_syscall_64+0x9e/0x1a0\n </TASK>\n"), "mutex_unlock");
  EXPECT_EQ(blamed(oops), "mutex_unlock");
  EXPECT_EQ(blamed(oops + "Call Trace:\n <TASK>\n pin_pages+0x9e/0x1a0\n do_syscall_64+0x9e/0x1a0\n"),
            "pin_pages");
}

// lib/debugobjects.c, kernel/locking/lockdep.c: the object is the caller's.
TEST(Blame, WhoseTimerOrLockItIs) {
  EXPECT_EQ(blamed("WARNING: CPU: 1 PID: 9 at lib/debugobjects.c:612 debug_print_object+0x1a2/0x2b0\n"
                   "RIP: 0010:debug_print_object+0x1a2/0x2b0\nCall Trace:\n <TASK>\n"
                   " debug_object_assert_init+0x1ec/0x2f0\n __try_to_del_timer_sync+0x7f/0x170\n"
                   " __timer_delete_sync+0xf4/0x1b0\n qp_cleanup+0x5c3/0x7e0\n </TASK>\n"),
            "qp_cleanup");
  const Log log = parse(
      "WARNING: bad unlock balance detected!\n6.12.0 #0 Not tainted\n-------------------------------------\n"
      "cow/9 is trying to release lock (&q->q_usage_counter(queue)) at:\n"
      "[<ffffffff849207a2>] elevator_start+0x1e2/0x2d0\nbut there are no more locks to release!\n"
      "stack backtrace:\nCPU: 1 UID: 0 PID: 9 Comm: cow Not tainted 6.12.0 #0\nCall Trace:\n <TASK>\n"
      " dump_stack_lvl+0x241/0x360\n lock_release+0x5cb/0xa30\n queue_thaw+0xd2/0x140\n"
      " elevator_start+0x1e2/0x2d0\n </TASK>\n");
  ASSERT_EQ(log.events.size(), 1U);
  EXPECT_EQ(log.events[0].title, "lockdep: bad unlock balance in elevator_start");
}

// kernel/locking/lockdep.c, lockdep_init_map_type(): one fault, two heads.
TEST(Blame, WhoUsesALockClassThatIsNotRegistered) {
  const Log log = parse(
      "BUG: key ffff88801b2e00d8 has not been registered!\n------------[ cut here ]------------\n"
      "DEBUG_LOCKS_WARN_ON(1)\nWARNING: CPU: 0 PID: 9 at kernel/locking/lockdep.c:4945 "
      "lockdep_init_map_type+0x4e3/0x910\nRIP: 0010:lockdep_init_map_type+0x4e3/0x910\nCall Trace:\n <TASK>\n"
      " pin_file_create+0x112/0x2e0\n </TASK>\n");
  ASSERT_EQ(log.events.size(), 1U);
  EXPECT_EQ(log.events[0].title, "lockdep: key not registered in pin_file_create");
}

// mm/kmemleak.c, kernel/workqueue.c, rust/kernel: reports without a "Call Trace:", or with frames of their
// own.
TEST(Blame, ReportsWithAFormOfTheirOwn) {
  EXPECT_EQ(blamed("BUG: memory leak\nunreferenced object 0xffff8882d78c9ea0 (size 96):\n"
                   "  comm \"cow\", pid 9, jiffies 4294941388\n  hex dump (first 32 bytes):\n"
                   "    df 82 95 86 ff ff ff ff a8 9e 8c d7 82 88 ff ff  ................\n\n"
                   "  backtrace (crc c9a1c131):\n    __kmalloc_cache_noprof+0x42f/0x5e0\n"
                   "    pin_table_grow+0x57/0x110\n"),
            "pin_table_grow");
  EXPECT_EQ(blamed("BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 56s!\n"
                   "Showing busy workqueues and worker pools:\nworkqueue events: flags=0x100\n"
                   "  pwq 2: cpus=0 node=0 flags=0x0 nice=0 active=20 refcnt=21\n"
                   "    in-flight: 9:unpin_work for 58s unpin_work ,1074:unpin_work for 57s\n"
                   "    pending: free_obj_work\n"),
            "unpin_work");
  EXPECT_EQ(
      blamed(
          "kernel BUG at rust/helpers/bug.c:7!\nOops: invalid opcode: 0000 [#1] PREEMPT SMP\n"
          "RIP: 0010:rust_helper_BUG+0x8/0x10\nCall Trace:\n <TASK>\n"
          " _RNvCscSpY9Juk0HT_7___rustc17rust_begin_unwind+0x15b/0x160\n"
          " _RNvNtCs9jEwPDbx20M_4core9panicking9panic_fmt+0x84/0x90\n _RNvMs3_4pins4Node5unpin+0x17/0x18\n"),
      "_RNvMs3_4pins4Node5unpin");
}

// A program's name may have a line end in it, and a mail program breaks lines.
TEST(Blame, HeadsThatAreOnTwoLines) {
  EXPECT_EQ(blamed("INFO: task co\nw:88 blocked for more than 143 seconds.\nCall Trace:\n <TASK>\n"
                   " __schedule+0x10e9/0x6820\n pin_pages+0x299/0x5a0\n </TASK>\n"),
            "pin_pages");
  const Log log = parse(
      "BUG: KASAN: slab-use-after-free in instrument_atomic_read_write\ninclude/linux/instrumented.h:96 "
      "[inline]\n"
      "BUG: KASAN: slab-use-after-free in __refcount_add\ninclude/linux/refcount.h:193 [inline]\n"
      "BUG: KASAN: slab-use-after-free in unpin_pages+0x68/0x2b0\nmm/gup.c:88\n"
      "Write of size 4 at addr ffff888156922080 by task cow/9\nCPU: 1 PID: 9 Comm: cow Not tainted 6.12.0 "
      "#1\n"
      "Call Trace:\n <TASK>\n unpin_pages+0x68/0x2b0\n </TASK>\n" +
      std::string(66, '=') + "\n");
  ASSERT_EQ(log.events.size(), 1U);
  EXPECT_EQ(log.events[0].title, "KASAN: slab-use-after-free Write in unpin_pages");
  // Of a second report the head is not taken for the rest of the first.
  EXPECT_EQ(parse("BUG: KASAN: double-free in a+0x1/0x2\nCPU: 1 PID: 9 Comm: cow Not tainted 6.12.0 #1\n"
                  "BUG: KASAN: double-free in b+0x1/0x2\n")
                .events.size(),
            2U);
}

}  // namespace
}  // namespace pinrig::console
