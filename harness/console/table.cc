// SPDX-License-Identifier: GPL-2.0
#include "console/table.h"

#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>
#include <array>
#include <memory>

#include "console/console.h"

namespace pinrig::console {
namespace {

// Order matters: the first row that fits wins. Texts are those of 6.1 and 6.12 (and, where they changed
// since, of 6.17): kernel/panic.c, lib/bug.c, arch/x86/mm/fault.c, arch/x86/kernel/traps.c,
// arch/arm64/mm/fault.c, arch/arm64/kernel/traps.c, mm/page_alloc.c, mm/memory.c, mm/debug.c,
// mm/kasan/report.c, mm/kfence/report.c, lib/ubsan.c, lib/refcount.c, kernel/locking/lockdep.c,
// kernel/hung_task.c, kernel/watchdog.c, kernel/rcu/tree_stall.h.
constexpr auto rows = std::to_array<Row>({
    {R"(Kernel panic - not syncing: Attempted to kill init! ?(exitcode=\w+)?)", "panic",
     R"(panic: Attempted to kill init! \1)", "", Extent::trace, true},
    {R"(Kernel panic - not syncing: (.*))", "panic", R"(panic: \1)", "", Extent::trace, true},

    {R"(BUG: KASAN: ([\w-]+) in ([\w.]+)(?:\+| \(| \S+:\d))", "kasan", R"(KASAN: \1 in {fn})", R"(\2)",
     Extent::banner},
    // A mail program broke the line behind the function.
    {R"(BUG: KASAN: ([\w-]+) in ([\w.]+)$)", "kasan", R"(KASAN: \1 in {fn})", R"(\2)", Extent::banner},
    {R"(BUG: KASAN: (.*))", "kasan", R"(KASAN: \1)", "", Extent::banner},
    {R"(BUG: KFENCE: (.*?) in ([\w.]+)(?:\+| \(| \S+:\d))", "kfence", R"(KFENCE: \1 in {fn})", R"(\2)",
     Extent::banner},
    {R"(BUG: KFENCE: (.*))", "kfence", R"(KFENCE: \1)", "", Extent::banner},
    {R"(BUG: (KCSAN|KMSAN): ([\w:\x20-]+?) in ([\w.]+))", "race", R"(\1: \2 in {fn})", R"(\3)",
     Extent::banner},
    {R"(BUG: kernel NULL pointer dereference)", "oops", "BUG: kernel NULL pointer dereference in {fn}", ""},
    {R"(BUG: unable to handle (?:kernel )?(page fault|paging request|NULL pointer dereference))", "oops",
     R"(BUG: unable to handle \1 in {fn})", ""},
    {R"(BUG: (?:\w+ )?stack guard page was hit)", "oops", "BUG: stack guard page was hit in {fn}", ""},
    {R"(BUG: Bad page (state|map|cache) in process)", "bad_page", R"(BUG: Bad page \1 in {fn})", ""},
    {R"(BUG: Bad rss-counter state .*type:(\w+))", "rss_counter", R"(BUG: Bad rss-counter state of \1)", "",
     Extent::line},
    {R"(BUG: (non-zero pgtables_bytes on freeing mm))", "rss_counter", R"(BUG: \1)", "", Extent::line},
    {R"(BUG: (MAX_\w+ too low))", "lockdep", R"(lockdep: \1)", ""},
    // kernel/locking/lockdep.c, lockdep_init_map_type()
    {R"(BUG: key \S+ has not been registered)", "lockdep", "lockdep: key not registered in {fn}", ""},
    {R"(BUG: Invalid wait context)", "lockdep", "lockdep: invalid wait context in {fn}", ""},
    {R"(BUG: sleeping function called from invalid context at (\S+?):\d+)", "atomic_sleep",
     R"(BUG: sleeping function called from invalid context at \1 in {fn})", ""},
    {R"(BUG: scheduling while atomic)", "atomic_sleep", "BUG: scheduling while atomic in {fn}", ""},
    {R"(BUG: (spinlock|rwlock|mutex) (.*?)(?: on CPU|$))", "lock", R"(BUG: \1 \2 in {fn})", ""},
    {R"(BUG: soft lockup)", "soft_lockup", "BUG: soft lockup in {fn}", ""},
    // kernel/smp.c, csd_lock_wait_toolong()
    {R"(csd: \w+ non-responsive CSD lock)", "soft_lockup", "CSD lock not released in {fn}", ""},
    // kernel/workqueue.c, wq_watchdog_timer_fn(): behind it the work items that run
    {R"(BUG: workqueue lockup)", "soft_lockup", "BUG: workqueue lockup in {fn}", ""},
    {R"(Watchdog detected hard LOCKUP)", "hard_lockup", "hard lockup in {fn}", ""},
    {R"(BUG: memory leak)", "memory_leak", "BUG: memory leak in {fn}", ""},
    {R"(BUG: using (\w+)\(\) in preemptible)", "preemptible",
     R"(BUG: using \1() in preemptible code in {fn})", ""},
    {R"([Kk]ernel BUG at (\S+?):\d+)", "bug", R"(kernel BUG at \1 in {fn})", ""},
    {R"([Kk]ernel BUG at (.*))", "bug", R"(kernel BUG at \1)", ""},
    {R"(BUG (\S+) \((?:Not t|T)ainted.*?\): (.*))", "slab", R"(slab \1: \2)", ""},
    // lib/test_xarray.c, fs/jfs/jfs_debug.h: "BUG at FILE:LINE"; fs/kernfs/mount.c: "BUG in FUNCTION"
    {R"(^BUG at (\S+?):\d+)", "bug", R"(BUG at \1 in {fn})", ""},
    {R"(^BUG in (\w+):)", "bug", R"(BUG in {fn})", R"(\1)"},
    // "[ BUG: held lock freed! ]" of old kernels
    {R"(^\[ BUG: (.*?)!? \])", "lockdep", R"(lockdep: \1 in {fn})", ""},
    // also "IPv6: BUG: Address ..." of pr_fmt()
    {R"(^(?:[\w-]{1,30}: )?BUG: (.*))", "bug", R"(BUG: \1)", ""},

    {R"(^(?:Oops: )?general protection fault\b)", "oops", "general protection fault in {fn}", ""},
    {R"(^(?:Oops: |PANIC: )?(divide error|invalid opcode|int3|stack segment|double fault|)"
     R"(invalid TSS|segment not present|alignment check|control protection)\b)",
     "oops", R"(\1 in {fn})", ""},
    {R"(^Oops: )", "oops", "Oops in {fn}", ""},
    // arch/x86/entry/entry_fred.c, fred_bad_type(); arch/arm64/kernel/entry-common.c, __panic_unhandled()
    {R"(^PANIC: (invalid or fatal FRED event))", "oops", R"(\1 in {fn})", ""},
    {R"(^Unhandled (.*?) exception on CPU\d+, ESR)", "oops", R"(unhandled \1 exception in {fn})", ""},
    // arch/x86/mm/fault.c, pgtable_bad(), before its die header
    {R"(: Corrupted page table at address)", "oops", "Corrupted page table in {fn}", ""},
    // kernel/exit.c, make_task_dead()
    {R"(^Fixing recursive fault but reboot is needed)", "oops", "recursive fault", "", Extent::line},
    {R"(Unable to handle kernel NULL pointer dereference)", "oops",
     "Unable to handle kernel NULL pointer dereference in {fn}", ""},
    {R"(Unable to handle kernel (.*?) at virtual address)", "oops", R"(Unable to handle kernel \1 in {fn})",
     ""},
    {R"(Internal error: (.*?): [0-9a-f]{8,16} \[#\d+\])", "oops", R"(Internal error: \1 in {fn})", ""},
    {R"(Internal error: (.*))", "oops", R"(Internal error: \1)", ""},
    // __die() of every architecture: "Bad pagetable: 000d [#1] SMP"
    {R"(^(\S.{0,80}?): [0-9a-f]{4} \[#\d+\])", "oops", R"(\1 in {fn})", ""},
    // arch/arm64/kernel/traps.c, panic_bad_stack()
    {R"(Insufficient stack space to handle exception)", "oops", "kernel stack overflow in {fn}", ""},
    {R"(SError Interrupt on CPU)", "oops", "SError interrupt in {fn}", ""},

    {R"(^refcount_t: (.*))", "refcount", R"(refcount_t: \1 in {fn})", ""},
    {R"(WARNING: (?:CPU: \d+ PID: \d+ at )?lib/refcount\.c:\d+)", "refcount", "refcount_t warning in {fn}",
     ""},
    {R"(WARNING: CPU: \d+ PID: \d+ at (\S+?):\d+ ([\w.]+)(?:\+| \())", "warning", R"(WARNING at \1 in {fn})",
     R"(\2)"},
    {R"(WARNING: CPU: \d+ PID: \d+ at (\S+))", "warning", R"(WARNING at \1)", ""},
    {R"(WARNING: (\S+?):\d+ at ([\w.]+)(?:\+| \())", "warning", R"(WARNING at \1 in {fn})", R"(\2)"},
    {R"(WARNING: (suspicious RCU usage))", "lockdep", R"(lockdep: \1 in {fn})", ""},
    {R"(WARNING: (possible \w+ locking|possible irq lock inversion|inconsistent lock state|)"
     R"(bad unlock balance|bad contention|held lock freed|lock held when returning|)"
     R"([Nn]ested lock was not taken|[\w-]+-safe -> [\w-]+-unsafe lock))",
     "lockdep", R"(lockdep: \1 in {fn})", ""},
    {R"(WARNING: (.* (?:still has locks held|kernel thread uses)))", "lockdep", R"(lockdep: \1)", ""},
    {R"(^WARNING: (.*))", "warning", R"(WARNING: \1)", "", Extent::trace, false, true},
    {R"(UBSAN: Undefined behaviour in (\S+?):\d+)", "ubsan", R"(UBSAN: undefined behaviour at \1 in {fn})",
     "", Extent::banner},
    // arch/x86/kernel/traps.c, handle_bug() with CONFIG_UBSAN_TRAP
    {R"(UBSAN: (.*?) at ([\w.]+)(?:\+| \())", "ubsan", R"(UBSAN: \1 in {fn})", R"(\2)", Extent::line},
    {R"(UBSAN: ([\w-]+) in (\S+?):\d+)", "ubsan", R"(UBSAN: \1 at \2 in {fn})", "", Extent::banner},

    {R"(INFO: task .*:\d+ blocked\b.* for more than)", "hung_task", "task hung in {fn}", ""},
    // The same of a task whose name has a line end.
    {R"(:\d+ blocked\b.* for more than \d+ seconds)", "hung_task", "task hung in {fn}", ""},
    // fs/fs-writeback.c of 7.x, wb_wait_for_completion_cb()
    {R"(INFO: The task .*:\d+ has been waiting for writeback completion)", "hung_task",
     "task waits for writeback in {fn}", ""},
    {R"(\[ INFO: (possible [\w ]+?|inconsistent lock state|suspicious [\w_ ]+?)(?: detected)?[!.]* \])",
     "lockdep", R"(lockdep: \1 in {fn})", ""},
    {R"(INFO: rcu_\w+ (?:self-)?detected)", "rcu_stall", "RCU stall in {fn}", ""},
    {R"(INFO: trying to register non-static key)", "lockdep", "lockdep: non-static key in {fn}", ""},
    {R"(irq \d+: nobody cared)", "irq", "irq N: nobody cared", ""},
    {R"((?i)out of memory(?: \(.*?\))?: Killed process \d+ \((.*?)\))", "oom", R"(out of memory: killed \1)",
     "", Extent::line},
    {R"(^(\S+) invoked oom-killer:)", "oom", R"(\1 invoked oom-killer)", ""},
    {R"(page dumped because: (.*))", "page_dump", R"(page dumped: \1)", "", Extent::line},
    {R"(unregister_netdevice: waiting for (\S+) to become free)", "reference",
     R"(unregister_netdevice waits for \1)", "", Extent::line},
    // drivers/iommu/iommufd/main.c, iommufd_object_dec_wait_shortterm()
    {R"(Time out waiting for iommufd object to become free)", "reference",
     "iommufd object does not become free", "", Extent::line},
    // net/core/page_pool.c, page_pool_empty_ring()
    {R"(page_pool refcnt \d+ violation)", "reference", "page_pool refcnt violation", "", Extent::line},
    {R"(VFS: Busy inodes after unmount)", "reference", "VFS: Busy inodes after unmount", "", Extent::line},
    {R"(kmemleak: \d+ new suspected memory leaks)", "memory_leak", "kmemleak: new suspected memory leaks", "",
     Extent::line},
    // kernel/printk/printk.c, console_emit_next_record(): what was dropped is not known.
    {R"(\*\* \d+ printk messages dropped \*\*)", "events_lost", "printk messages dropped", "", Extent::line},
    // What dmesg and journald say when the kernel was faster.
    {R"(buffer overrun, some messages lost)", "events_lost", "kernel messages lost", "", Extent::line},
    {R"(Missed \d+ kernel messages)", "events_lost", "kernel messages lost", "", Extent::line},
    {R"(\[Hardware Error\]: (.*))", "hardware", R"(Hardware Error: \1)", "", Extent::line},
});

/// Of every row at least one of these words is part. Longer words make fewer false alarms.
constexpr auto words = std::to_array<std::string_view>(
    {"Kernel panic - ", "BUG: ", "BUG at ", "BUG ", "Oops: ", "general protection fault", "divide error",
     "invalid opcode", "int3:", "stack segment", "double fault", "invalid TSS", "segment not present",
     "alignment check", "control protection", "Unable to handle kernel",
     "Internal error: ", "SError Interrupt", "refcount_t: ", "WARNING: ", "UBSAN: ", "INFO: task ",
     " blocked for more than ", " blocked in I/O wait ", "INFO: The task ", "INFO: rcu_", "INFO: trying",
     "INFO: possible", "INFO: inconsistent", "INFO: suspicious", "[#", "Insufficient stack space",
     "nobody cared", "ut of memory", "invoked oom-killer", "page dumped because",
     "unregister_netdevice: ", "BUG in ", "PANIC: ", "Unhandled ", "Corrupted page table",
     "Fixing recursive fault", "CSD lock", "iommufd object to become free", "page_pool refcnt", "VFS: Busy",
     "kmemleak: ", "[Hardware Error]", "hard LOCKUP", "messages dropped", "messages lost", "kernel messages",
     // looked at in parse.cc
     "Linux version ", "reboot: ", "pinrig: ", "[ cut here ]"});

struct Compiled {
  std::vector<std::unique_ptr<re2::RE2>> patterns;
  re2::RE2::Set any{re2::RE2::Quiet, re2::RE2::UNANCHORED};

  Compiled() {
    for (const Row& row : rows) {
      patterns.push_back(std::make_unique<re2::RE2>(row.pattern, re2::RE2::Quiet));
      any.Add(row.pattern, nullptr);
    }
    any.Compile();
  }
};

std::string filled(const re2::RE2& pattern, std::string_view rewrite, std::string_view text) {
  std::string out;
  if (rewrite.empty()) return out;
  re2::RE2::Extract(re2::StringPiece(text.data(), text.size()), pattern,
                    re2::StringPiece(rewrite.data(), rewrite.size()), &out);
  return out;
}

}  // namespace

std::optional<Match> match_row(std::string_view text) {
  static const Compiled compiled;
  if (text.size() > 2000) text = text.substr(0, 2000);  // no message is longer; junk can be
  std::vector<int> fitting;
  if (!compiled.any.Match(re2::StringPiece(text.data(), text.size()), &fitting)) return std::nullopt;
  const auto first = static_cast<std::size_t>(*std::min_element(fitting.begin(), fitting.end()));
  const re2::RE2& pattern = *compiled.patterns[first];
  return Match{&rows[first], filled(pattern, rows[first].title, text),
               filled(pattern, rows[first].function, text)};
}

const Markers& line_markers() {
  static const Markers markers(std::vector<std::string_view>(words.begin(), words.end()));
  return markers;
}

}  // namespace pinrig::console
