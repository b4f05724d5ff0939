// SPDX-License-Identifier: GPL-2.0
// Nothing moves a page, or replaces it in its mapping, while it is held: what the user writes then is what
// the process sees.
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "contract/obligations.h"
#include "hinting.h"
#include "ksm.h"
#include "ktap.h"
#include "pagemap.h"
#include "pins.h"

#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

// The ABI since 6.8 (include/uapi/linux/userfaultfd.h).
struct move {
  __u64 to, from, length, mode;
  __s64 moved;
};
#define MOVE _IOWR(0xAA, 0x05, struct move)
#define FEATURE_MOVE (1ull << 16)

enum { pages = 16, stale = 110, fresh = 111, later = 112 };

// Tries to move the pages of `length` bytes from the start of the memory. False: the case is over.
typedef bool (*disturbance)(struct memory* memory, size_t length);

// Shared pages may leave the page table while they stay in memory: what is there now.
static void map_again(const struct memory* memory, size_t length) {
  for (size_t at = 0; memory_is_shared(memory->kind) && at < length; at += page_bytes())
    (void)*(volatile unsigned char*)(memory->addr + at);
}

// The held pages, by their frames, and by the data that comes through them.
static void held_through(const struct user* user, enum memory_kind kind, disturbance disturb, size_t count) {
  struct memory memory;
  struct pins before;
  uint64_t frames[pages];
  const size_t length = user_length(user, count * page_bytes()) / page_bytes() * page_bytes();
  if (length == 0) {
    ktap_skip("a transfer is shorter than a page");
    return;
  }
  if (memory_get(&memory, kind, pages * page_bytes())) {
    pattern_fill(memory.addr, memory.size, stale, 0);
    if ((!user->store || contract_store(user, length, fresh)) &&
        contract_take(user, WAY_IN, memory.addr, length, &before)) {
      bool good = pagemap_pfns(memory.addr, length, frames) && disturb(&memory, length);
      map_again(&memory, length);
      const size_t moved = good ? pagemap_moved(memory.addr, length, frames) : 0;
      if (moved) ktap_fail("%zu of %zu held pages are elsewhere", moved, length / page_bytes());
      if (contract_let_go(user, WAY_IN, memory.addr, length, &before) && good && user->store) {
        const long bad = pattern_check(memory.addr, length, fresh, 0);
        if (bad >= 0)
          ktap_fail("what was written to the held pages is not in the memory, from byte %ld", bad);
      }
    }
  }
  memory_put(&memory);
}

static bool page_out(struct memory* memory, size_t length) {
  for (int i = 0; i < 5; ++i) madvise(memory->addr, length, MADV_PAGEOUT);
  return true;
}

// Every page: refused, or it would be replaced.
static bool soft_offline(struct memory* memory, size_t length) {
  for (size_t at = 0; at < length; at += page_bytes()) {
    if (madvise(memory->addr + at, page_bytes(), MADV_SOFT_OFFLINE) == 0)
      return ktap_fail("a held page went offline");
    if (errno == EINVAL || errno == EPERM) return ktap_skip("MADV_SOFT_OFFLINE: %s", strerror(errno));
  }
  return true;
}

static bool merge(struct memory* memory, size_t length) {
  // Equal pages are what KSM looks for.
  memset(memory->addr, 0x33, length);
  if (madvise(memory->addr, length, MADV_MERGEABLE) < 0)
    return ktap_skip("MADV_MERGEABLE: %s (CONFIG_KSM)", strerror(errno));
  const bool scanned = ksm_scan();
  madvise(memory->addr, length, MADV_UNMERGEABLE);
  return scanned;
}

static bool collapse(struct memory* memory, size_t length) {
  const size_t huge = thp_usable();
  if (huge == 0) return false;
  (void)length;
  // Without a length only the advice is looked at.
  if (madvise(NULL, 0, MADV_COLLAPSE) < 0) return ktap_skip("MADV_COLLAPSE: %s (since 6.1)", strerror(errno));
  const uintptr_t start = (uintptr_t)memory->addr / huge * huge;
  madvise((void*)start, huge, MADV_COLLAPSE);
  return true;
}

// A huge mapping and its folio are cut up around the held pages.
static bool split(struct memory* memory, size_t length) {
  if (memory_is_shared(memory->kind)) {
    // A hole in what is not held.
    const size_t held = (length + page_bytes() - 1) / page_bytes() * page_bytes();
    return fallocate(memory_fd(memory), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)held,
                     (off_t)(memory->size - held)) == 0 ||
           ktap_fail("punching a hole: %s", strerror(errno));
  }
  unsigned char* behind = memory->addr + (length + page_bytes() - 1) / page_bytes() * page_bytes();
  if (behind >= memory->addr + memory->size) return ktap_skip("all of the memory is held");
  if (madvise(behind, page_bytes(), MADV_DONTNEED) < 0)
    return ktap_fail("MADV_DONTNEED: %s", strerror(errno));
  mprotect(memory->addr, page_bytes(), PROT_READ);
  mprotect(memory->addr, page_bytes(), PROT_READ | PROT_WRITE);
  const int fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);
  if (fd >= 0 && write(fd, "2", 1) != 1) ktap_note("drop_caches: %s", strerror(errno));
  if (fd >= 0) close(fd);
  return true;
}

static bool compact(struct memory* memory, size_t length) {
  (void)memory;
  (void)length;
  if (memory_compact()) return true;
  if (errno == ENOENT) return ktap_skip("compact_memory: %s (COMPACTION)", strerror(errno));
  return ktap_fail("compact_memory: %s", strerror(errno));
}

// Whole folios to another mapping of the process: refused, as the pages would belong to another address then.
static bool uffd_move(struct memory* memory, size_t length) {
  const size_t folio = memory->folio, whole = (length + folio - 1) / folio * folio;
  struct uffdio_api api = {.api = UFFD_API, .features = FEATURE_MOVE};
  const int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
  void* room = mmap(NULL, whole + folio, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const unsigned long to = ((unsigned long)room + folio - 1) / folio * folio;
  struct uffdio_register range = {.range = {to, whole}, .mode = UFFDIO_REGISTER_MODE_MISSING};
  struct move move = {.to = to, .from = (unsigned long)memory->addr, .length = whole};
  bool good = room != MAP_FAILED && fd >= 0;
  if (!good || ioctl(fd, UFFDIO_API, &api) < 0 || ioctl(fd, UFFDIO_REGISTER, &range) < 0) {
    good = ktap_skip("UFFDIO_MOVE: %s (USERFAULTFD, since 6.8)", strerror(errno));
  } else {
    const int result = ioctl(fd, MOVE, &move);
    ktap_note("UFFDIO_MOVE: %s", result < 0 ? strerror(errno) : "done");
    if (result == 0 || move.moved > 0) good = ktap_fail("%lld held bytes were moved", (long long)move.moved);
  }
  if (fd >= 0) close(fd);
  if (room != MAP_FAILED) munmap(room, whole + folio);
  return good;
}

// The content of the file ends before the pages, and then has its size again.
static bool truncated(struct memory* memory) {
  const int fd = memory_fd(memory);
  return (ftruncate(fd, 0) == 0 && ftruncate(fd, (off_t)memory->size) == 0) ||
         ktap_fail("ftruncate: %s", strerror(errno));
}

static bool hole(struct memory* memory) {
  return fallocate(memory_fd(memory), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, (off_t)memory->size) ==
             0 ||
         ktap_fail("punching a hole: %s", strerror(errno));
}

static bool discarded(struct memory* memory) {
  if (madvise(memory->addr, memory->size, MADV_DONTNEED) == 0) return true;
  if (errno == EINVAL && memory->kind == MEMORY_HUGETLB)
    return ktap_skip("MADV_DONTNEED of hugetlb memory: %s (since 5.18)", strerror(errno));
  return ktap_fail("MADV_DONTNEED: %s", strerror(errno));
}

static bool mapped_over(struct memory* memory) {
  return mmap(memory->addr, memory->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
              0) == memory->addr ||
         ktap_fail("mmap over the memory: %s", strerror(errno));
}

// The pages leave their file or mapping: they stay the user's until it lets go, and what comes then does not
// come to the pages that have taken their place.
static void replaced(const struct user* user, enum memory_kind kind, bool (*replace)(struct memory*)) {
  struct memory memory;
  struct pins before;
  const size_t length = user_length(user, pages * page_bytes());
  if (memory_get(&memory, kind, pages * page_bytes())) {
    // Enough of a huge page, too.
    const size_t span = length > pages * page_bytes() ? length : pages * page_bytes();
    pattern_fill(memory.addr, span, stale, 0);
    if ((!user->store || contract_store(user, length, fresh)) &&
        contract_take(user, WAY_IN, memory.addr, length, &before)) {
      const bool good = replace(&memory);
      for (size_t at = 0; good && at < span; ++at) {
        if (memory.addr[at] && !ktap_failed()) ktap_fail("byte %zu of the new pages is not zero", at);
      }
      pattern_fill(memory.addr, span, later, 0);
      if (contract_let_go(user, WAY_IN, memory.addr, length, &before) && good &&
          pattern_check(memory.addr, span, later, 0) >= 0)
        ktap_fail("what was written to the held pages is in those that replaced them");
    }
  }
  memory_put(&memory);
}

// To another address and back.
static bool remap(struct memory* memory, size_t length) {
  const size_t whole = (length + memory->folio - 1) / memory->folio * memory->folio;
  uint64_t frames[pages];
  unsigned char* room =
      mmap(NULL, whole + memory->folio, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (room == MAP_FAILED) return ktap_fail("mmap: %s", strerror(errno));
  unsigned char* to = room + (memory->folio - (uintptr_t)room % memory->folio) % memory->folio;
  const size_t seen = length < sizeof(frames) / sizeof(frames[0]) * page_bytes()
                          ? length
                          : sizeof(frames) / sizeof(frames[0]) * page_bytes();
  bool good = pagemap_pfns(memory->addr, seen, frames);
  if (good && mremap(memory->addr, whole, whole, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to)
    good = errno == EINVAL && memory->kind == MEMORY_HUGETLB
               ? ktap_skip("mremap() of hugetlb memory: %s (since 5.16)", strerror(errno))
               : ktap_fail("mremap: %s", strerror(errno));
  if (good) {
    for (size_t at = 0; at < whole; at += page_bytes()) (void)*(volatile unsigned char*)(to + at);
    if (pagemap_moved(to, seen, frames)) ktap_fail("mremap() did not move the held pages with their mapping");
    if (mremap(to, whole, whole, MREMAP_MAYMOVE | MREMAP_FIXED, memory->addr) != memory->addr)
      ktap_fail("mremap back: %s", strerror(errno));
  }
  munmap(room, whole + memory->folio);
  return good && !ktap_failed();
}

// To another node, page by page: refused.
static bool migrate(struct memory* memory, size_t length) {
  void* addrs[pages];
  int nodes[pages], status[pages];
  size_t count = length / page_bytes();
  if (count > pages) count = pages;
  if (access("/sys/devices/system/node/node1", F_OK) < 0) return ktap_skip("one NUMA node");
  for (size_t i = 0; i < count; ++i) addrs[i] = memory->addr + i * page_bytes();
  if (syscall(SYS_move_pages, 0, count, addrs, NULL, status, 0) < 0)
    return ktap_skip("move_pages: %s", strerror(errno));
  for (size_t i = 0; i < count; ++i) nodes[i] = status[i] == 0;
  const long left = syscall(SYS_move_pages, 0, count, addrs, nodes, status, 1 << 1);  // MPOL_MF_MOVE
  ktap_note("move_pages() left %ld pages, the first with status %d", left, status[0]);
  for (size_t i = 0; i < count; ++i) {
    if (status[i] == nodes[i]) return ktap_fail("held page %zu was moved to node %d", i, nodes[i]);
  }
  return true;
}

static bool hint(struct memory* memory, size_t length) { return hinting_attract(memory->addr, length); }

// Pages that are held for reading: what would move or replace them leaves them in place, so that what the
// process writes then is what the user reads. A plain reference holds no page in its mapping.
static void read_through(const struct user* user, enum memory_kind kind) {
  struct memory memory;
  struct pins before;
  uint64_t frames[pages];
  const size_t length = user_length(user, pages * page_bytes()) / page_bytes() * page_bytes();
  const bool pinned = !user->mode || user->mode() == MODE_PIN;
  if (length == 0) {
    ktap_skip("a transfer is shorter than a page");
    return;
  }
  if (memory_get(&memory, kind, pages * page_bytes()) &&
      (!user->store || contract_store(user, length, stale))) {
    pattern_fill(memory.addr, memory.size < 2 * length ? memory.size : 2 * length, stale, 0);
    if (contract_take(user, WAY_OUT, memory.addr, length, &before)) {
      bool good = pagemap_pfns(memory.addr, length, frames);
      if (good && pinned) good = page_out(&memory, length);
      map_again(&memory, length);
      if (good && pinned) good = remap(&memory, length) && compact(&memory, length);
      map_again(&memory, length);
      const size_t moved = good && pinned ? pagemap_moved(memory.addr, length, frames) : 0;
      if (moved) ktap_fail("%zu of %zu held pages are elsewhere", moved, length / page_bytes());
      pattern_fill(memory.addr, length, fresh, 0);
      if (contract_let_go(user, WAY_OUT, memory.addr, length, &before) && good)
        contract_compare(user, length, fresh);
    }
  }
  memory_put(&memory);
}

static void reclaim(const struct user* user, enum memory_kind kind) {
  held_through(user, kind, page_out, pages);
}
static void offline(const struct user* user, enum memory_kind kind) {
  held_through(user, kind, soft_offline, pages);
}
static void ksm(const struct user* user, enum memory_kind kind) { held_through(user, kind, merge, pages); }
static void collapsed(const struct user* user, enum memory_kind kind) {
  held_through(user, kind, collapse, pages);
}
static void split_up(const struct user* user, enum memory_kind kind) {
  held_through(user, kind, split, pages / 2);
}
static void compaction(const struct user* user, enum memory_kind kind) {
  held_through(user, kind, compact, pages);
}
static void moved_by_uffd(const struct user* user, enum memory_kind kind) {
  held_through(user, kind, uffd_move, pages);
}

static void remapped(const struct user* user, enum memory_kind kind) {
  held_through(user, kind, remap, pages);
}
static void migrated(const struct user* user, enum memory_kind kind) {
  held_through(user, kind, migrate, pages);
}
static void hinted(const struct user* user, enum memory_kind kind) {
  if (hinting_begin()) held_through(user, kind, hint, pages);
  hinting_end();
}
static void punched(const struct user* user, enum memory_kind kind) { replaced(user, kind, hole); }
static void cut_off(const struct user* user, enum memory_kind kind) { replaced(user, kind, truncated); }
static void dropped(const struct user* user, enum memory_kind kind) { replaced(user, kind, discarded); }
static void unmapped(const struct user* user, enum memory_kind kind) { replaced(user, kind, mapped_over); }

const struct obligation stay_obligations[] = {{"stay.reclaim", reclaim},
                                              {"stay.soft_offline", offline},
                                              {"stay.ksm", ksm},
                                              {"stay.collapse", collapsed},
                                              {"stay.split", split_up},
                                              {"stay.compaction", compaction},
                                              {"stay.uffd_move", moved_by_uffd},
                                              {"stay.punch", punched},
                                              {"stay.truncate", cut_off},
                                              {"stay.discard", dropped},
                                              {"stay.unmap", unmapped},
                                              {"stay.remap", remapped},
                                              {"stay.migrate", migrated},
                                              {"stay.hinting", hinted},
                                              {"stay.read", read_through},
                                              {0}};
