// SPDX-License-Identifier: GPL-2.0
// Long-term pins: pages leave ZONE_MOVABLE first, and pages of files are refused.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "clock.h"
#include "contract/obligations.h"
#include "kmsg.h"
#include "ktap.h"
#include "pagemap.h"
#include "patience.h"
#include "pins.h"
#include "probe.h"
#include "proc.h"

enum { pages = 16, seed = 100, later = 101, isolated_ms = 2000 };

static size_t in_movable(const unsigned char* addr, size_t length) {
  size_t found = 0;
  for (size_t at = 0; at < length; at += page_bytes()) {
    const uint64_t frame = pagemap_pfn(addr + at);
    found += frame && pagemap_movable_zone(frame);
  }
  return found;
}

static void map_pages(const unsigned char* addr, size_t length) {
  for (size_t at = 0; at < length; at += page_bytes()) (void)*(const volatile unsigned char*)(addr + at);
}

static bool leaves_zone(const struct user* user, enum way way, struct memory* memory, size_t length) {
  struct pins before;
  struct user_counts want;
  if (!pins_begin(&before)) return false;
  const int error = contract_take_moving(user, way, memory->addr, length, &before);
  if (error) return ktap_fail("taking the memory: %s", strerror(-error));
  user_count(user, way, memory->addr, length, &want);
  pins_expect_at_least(&before, want.acquired, want.kept);
  map_pages(memory->addr, length);
  const size_t still = in_movable(memory->addr, length);
  if (still) ktap_fail("%zu pages are held in ZONE_MOVABLE", still);
  if (memory_is_written(memory->kind) && way == WAY_OUT && pattern_check(memory->addr, length, seed, 0) >= 0)
    ktap_fail("the pages lost their data on the way");
  const long done = user->let_go();
  if (done < 0) ktap_fail("letting go gave %ld", done);
  pins_expect_at_least(&before, 0, -want.kept);
  return !ktap_failed();
}

// Pages that are on their way out of the zone count as isolated (NR_ISOLATED_*), which holds reclaim and
// compaction back: as often as they do not any more, however it ended. A count below zero only shows in the
// log, at each reading.
static int watch_isolated(void) {
  struct pins now;
  char line[200];
  const int log = kmsg_open();
  if (log < 0) return -1;
  const bool negative =
      pins_sample(&now) && kmsg_find(log, "vmstat_refresh: nr_isolated_", line, sizeof(line));
  if (!negative) return log;
  close(log);
  return -1;
}

static long long isolated(void) { return proc_vmstat("nr_isolated_anon") + proc_vmstat("nr_isolated_file"); }

static void judge_isolated(int log) {
  struct pins now;
  char line[200];
  const long long end = clock_ms() + patience_scaled(isolated_ms);
  if (log < 0) return;
  long long left = 1;
  while (pins_sample(&now) && (left = isolated()) > 0 && clock_ms() < end) sleep_ms(10);
  if (left > 0) ktap_fail("%lld pages still count as isolated", left);
  if (kmsg_find(log, "vmstat_refresh: nr_isolated_", line, sizeof(line))) ktap_fail("%s", line);
  close(log);
}

// The pages are in memory, and in no page table: the fast way does not find them.
static bool unmap_pages(struct memory* memory) {
  return madvise(memory->addr, memory->size, MADV_DONTNEED) == 0 || ktap_fail("madvise: %s", strerror(errno));
}

// Where new memory of this process comes from first; any node: -1.
static void prefer_node(int node) {
  const unsigned long mask = node < 0 ? 0 : 1ul << node;
  syscall(SYS_set_mempolicy, node < 0 ? 0 : 1, node < 0 ? NULL : &mask, 8 * sizeof(mask));
}

// Not every node has a ZONE_MOVABLE, and where the CPUs belong to several, the next page may come from
// another one. -1: none was found.
static int movable_node(void) {
  for (int node = 0; node < 2; ++node) {
    struct memory probe;
    prefer_node(node);
    const bool found = memory_get(&probe, MEMORY_ANON, page_bytes()) && in_movable(probe.addr, page_bytes());
    memory_put(&probe);
    prefer_node(-1);
    if (found) return node;
  }
  return -1;
}

static void compact(void) {
  const int fd = open("/proc/sys/vm/compact_memory", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  if (write(fd, "1", 1) != 1) ktap_note("compacting: %s", strerror(errno));
  close(fd);
}

// Earlier cases may have filled the zone with page cache, or with small pieces.
static bool get_movable(struct memory* memory, enum memory_kind kind, size_t length) {
  bool got = memory_get(memory, kind, pages * page_bytes());
  if (!got || !memory_is_written(kind) || in_movable(memory->addr, length)) return got;
  memory_put(memory);
  contract_drop_caches();
  compact();
  return memory_get(memory, kind, pages * page_bytes());
}

static void movable_one(const struct user* user, enum memory_kind kind, enum way way, bool slow,
                        size_t length) {
  struct memory memory;
  if (get_movable(&memory, kind, length)) {
    if (memory_is_written(kind)) pattern_fill(memory.addr, length, seed, 0);
    const size_t before = in_movable(memory.addr, length);
    ktap_note("%zu of %zu pages are in ZONE_MOVABLE", before, length / page_bytes());
    if (memory_is_written(kind) && before == 0) ktap_skip("no page came from ZONE_MOVABLE");
    if (!slow || unmap_pages(&memory)) leaves_zone(user, way, &memory, length);
  }
  memory_put(&memory);
}

static bool can_move(const struct user* user) {
  if (!pagemap_have_movable_zone()) return ktap_skip("no memory in ZONE_MOVABLE (movablecore=)");
  return !user->mode || user->mode() == MODE_PIN ||
         ktap_skip("this kernel takes plain references, which stay where they are");
}

static void movable(const struct user* user, enum memory_kind kind) {
  const size_t length = user_length(user, pages * page_bytes()) / page_bytes() * page_bytes();
  const bool stays = memory_is_written(kind) && memory_is_shared(kind);
  if (!can_move(user)) return;
  const int log = watch_isolated();
  prefer_node(movable_node());
  for (int way = WAY_IN; way <= WAY_OUT; ++way) {
    if (!(user->ways & (way == WAY_IN ? USER_IN : USER_OUT))) continue;
    for (int slow = 0; slow <= (stays ? 1 : 0) && !ktap_failed(); ++slow)
      movable_one(user, kind, (enum way)way, slow, length);
  }
  prefer_node(-1);
  judge_isolated(log);
}

// A pipe's reference to the page in ZONE_MOVABLE that comes last: it cannot leave. False: none of them is
// there.
static bool hold_in_pipe(const unsigned char* addr, size_t length, int pipe) {
  for (size_t at = length; at > 0; at -= page_bytes()) {
    const struct iovec byte = {(void*)(addr + at - page_bytes()), 1};
    const uint64_t frame = pagemap_pfn(byte.iov_base);
    if (!frame || !pagemap_movable_zone(frame)) continue;
    return vmsplice(pipe, &byte, 1, 0) == 1 || ktap_fail("vmsplice: %s", strerror(errno));
  }
  return ktap_skip("no page came from ZONE_MOVABLE");
}

// What is taken and released before leaves its pages in the lists that the kernel takes again: whoever
// releases more entries than there are releases these.
static void leave_pages(const struct user* user, enum way way, bool shared) {
  struct pins before;
  if (!pins_begin(&before)) return;
  for (size_t times = 2; times > 0; --times) {
    struct memory other;
    const size_t size = times * pages * page_bytes();
    if (memory_get(&other, shared ? MEMORY_MEMFD : MEMORY_ANON, size))
      contract_attempt(user, way, other.addr, user_length(user, size));
    memory_put(&other);
  }
  contract_settled(&before, contract_skew(user));
}

static void stuck(const struct user* user, enum memory_kind kind) {
  struct memory memory;
  struct pins before;
  const size_t length = user_length(user, pages * page_bytes()) / page_bytes() * page_bytes();
  const enum way way = user->ways & USER_IN ? WAY_IN : WAY_OUT;
  int pipe[2];
  if (!can_move(user)) return;
  KTAP_REQUIRE(pipe2(pipe, O_CLOEXEC) == 0, "pipe: %s", strerror(errno));
  const int log = watch_isolated();
  leave_pages(user, way, memory_is_shared(kind));
  prefer_node(movable_node());
  if (get_movable(&memory, kind, length)) {
    pattern_fill(memory.addr, length, seed, 0);
    if (hold_in_pipe(memory.addr, length, pipe[1]) && pins_begin(&before)) {
      const long done = contract_attempt(user, way, memory.addr, length);
      ktap_note("gave %ld", done);
      if (done >= 0) ktap_fail("pages that cannot leave ZONE_MOVABLE were taken");
      contract_settled(&before, contract_skew(user));
      if (pattern_check(memory.addr, length, seed, 0) >= 0) ktap_fail("the pages lost their data");
    }
  }
  prefer_node(-1);
  close(pipe[0]);
  close(pipe[1]);
  memory_put(&memory);
  judge_isolated(log);
}

enum mapping { MAPPED_WRITTEN, MAPPED_READ_ONLY, MAPPED_NOT_YET };

// How the pages of the file are mapped: the first two are for the fast way, the last one for the slow way.
static bool map_as(struct memory* memory, enum mapping mapping) {
  if (mapping == MAPPED_NOT_YET) return unmap_pages(memory);
  if (mapping == MAPPED_READ_ONLY && mprotect(memory->addr, memory->size, PROT_READ) < 0)
    return ktap_fail("mprotect: %s", strerror(errno));
  if (mapping == MAPPED_WRITTEN) memset(memory->addr, 1, memory->size);
  map_pages(memory->addr, memory->size);
  return true;
}

// Does the user take the memory, but pin nothing? Its device then brings in what it needs.
static bool taken_on_demand(const struct user* user, enum way way, const struct memory* memory,
                            size_t length) {
  struct pins before, after;
  if (!user->on_demand || !user->on_demand() || !pins_begin(&before)) return false;
  const int error = user->take(way, memory->addr, length);
  const bool taken = error == 0 && pins_sample(&after) && after.acquired == before.acquired;
  if (error == 0) user->let_go();
  if (taken) ktap_note("taken on demand, without a pin");
  return taken && contract_settled(&before, contract_skew(user));
}

// EOPNOTSUPP is the answer to persistent memory, and was that to any file.
static void file_refused(const struct user* user, enum memory_kind kind, enum way way) {
  const size_t length = user_length(user, pages * page_bytes());
  for (int mapping = MAPPED_WRITTEN; mapping <= MAPPED_NOT_YET && !ktap_failed(); ++mapping) {
    struct memory memory;
    if (memory_get(&memory, kind, pages * page_bytes()) && map_as(&memory, (enum mapping)mapping) &&
        !taken_on_demand(user, way, &memory, length))
      contract_refused(user, way, memory.addr, length, EFAULT, EOPNOTSUPP);
    memory_put(&memory);
  }
}

static void file_in(const struct user* user, enum memory_kind kind) {
  if (kind == MEMORY_FILE && probe_lt_file_allowed())
    ktap_skip("this kernel allows long-term pins of files (lt.file_rw)");
  else
    file_refused(user, kind, WAY_IN);
}

static void file_out(const struct user* user, enum memory_kind kind) { file_refused(user, kind, WAY_OUT); }

// Pages that others have too, or none at all, are replaced by pages of the process before they are taken:
// what it writes later is what the user reads.
static void seen(const struct user* user, enum memory_kind kind) {
  struct memory memory;
  struct pins before;
  const size_t length = user_length(user, pages * page_bytes());
  if (memory_get(&memory, kind, pages * page_bytes()) &&
      (!user->store || contract_store(user, length, seed)) && pins_begin(&before)) {
    const int error = user->take(WAY_OUT, memory.addr, length);
    if (error) ktap_fail("taking the memory: %s", strerror(-error));
    pattern_fill(memory.addr, length, later, 0);
    const long done = error ? 0 : user->let_go();
    if (done < 0) ktap_fail("letting go gave %ld", done);
    contract_settled(&before, 0);
    if (!ktap_failed()) contract_compare(user, length, later);
  }
  memory_put(&memory);
}

const struct obligation longterm_obligations[] = {
    {"longterm.movable", movable},   {"longterm.stuck", stuck}, {"longterm.file", file_in},
    {"longterm.file_out", file_out}, {"longterm.seen", seen},   {0}};
