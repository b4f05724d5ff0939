// SPDX-License-Identifier: GPL-2.0
// Huge pages that are special by where they are in physical memory: two neighbors, which a user can take for
// one piece, and the page of zeros that every huge page is until it is written.
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "contract/memory_maker.h"
#include "ktap.h"
#include "pagemap.h"
#include "probe.h"
#include "uring.h"

enum { candidates = 8 };

static const unsigned char fill = 0x5a;

static const char zero_control[] = "/sys/kernel/mm/transparent_hugepage/use_zero_page";

// Two of the huge pages at `area` with consecutive frames, in this order.
static bool neighbors(const unsigned char* area, size_t count, size_t huge, size_t* first, size_t* second) {
  uint64_t frames[candidates];
  for (size_t i = 0; i < count; ++i) frames[i] = pagemap_pfn(area + i * huge);
  for (*first = 0; *first < count; ++*first) {
    for (*second = 0; *second < count; ++*second) {
      if (frames[*first] && frames[*second] == frames[*first] + huge / page_bytes()) return true;
    }
  }
  return false;
}

// Moves the pair to `room`, whole huge pages at a time.
static bool move_pair(unsigned char* first, unsigned char* second, unsigned char* room, size_t huge,
                      bool hugetlb) {
  unsigned char* const pair[] = {first, second};
  for (size_t i = 0; i < 2; ++i) {
    unsigned char* to = room + i * huge;
    if (mremap(pair[i], huge, huge, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to)
      return errno == EINVAL && hugetlb
                 ? ktap_skip("mremap() of hugetlb memory: %s (since 5.16)", strerror(errno))
                 : ktap_fail("mremap of a huge page: %s", strerror(errno));
  }
  const uint64_t frame = pagemap_pfn(room);
  if (frame == 0 || pagemap_pfn(room + huge) != frame + huge / page_bytes())
    return ktap_fail("the huge pages are no neighbors after mremap()");
  memset(room, fill, 2 * huge);
  return true;
}

// A long-term pin takes pages out of ZONE_MOVABLE, after which they are no neighbors any more: once before
// they are looked for. The ring stays open between the cases of a process: the end of one interrupts the task
// some time later as a signal does (TIF_NOTIFY_SIGNAL), and an ioctl that waits, such as SG_IO, starts again.
static void leave_movable(unsigned char* area, size_t size) {
  static int ring = -1;
  static pid_t owner;
  if (owner != getpid()) ring = uring_open();
  owner = getpid();
  if (ring >= 0 && uring_register(ring, area, size) == 0) uring_unregister(ring);
}

// `count` huge pages, of which two are neighbors: these move to `room`, and the others are unmapped.
static bool pair_among(const struct memory* like, size_t count, int flags, bool movable, unsigned char* room,
                       bool last) {
  const size_t huge = like->folio;
  struct memory candidate = *like;
  size_t first, second;
  bool good = memory_map_aligned(&candidate, count * huge, huge, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1);
  if (good && !(flags & MAP_HUGETLB)) madvise(candidate.addr, candidate.size, MADV_HUGEPAGE);
  for (size_t i = 0; good && i < count; ++i) *(volatile unsigned char*)(candidate.addr + i * huge) = fill;
  if (good && movable) leave_movable(candidate.addr, candidate.size);
  if (good && neighbors(candidate.addr, count, huge, &first, &second))
    good = move_pair(candidate.addr + first * huge, candidate.addr + second * huge, room, huge,
                     flags & MAP_HUGETLB);
  else if (good)
    good = last && ktap_skip("no two huge pages of %zu are neighbors in memory", count);
  if (candidate.map != MAP_FAILED) munmap(candidate.map, candidate.map_size);
  return good;
}

static bool make_pair(struct memory* memory, size_t most, size_t huge, int flags) {
  // Kernels that keep the lock (before 6.3) also warn when hugetlb pages are to leave it.
  const bool movable = !(flags & MAP_HUGETLB) || probe_lt_waits();
  struct memory like = *memory;
  like.folio = memory->folio = huge;
  // Address space, where the pair goes.
  if (!memory_map_aligned(memory, 2 * huge, huge, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1))
    return false;
  // Most huge pages that follow each other are neighbors: no more are made than it takes to find two.
  bool found = false;
  for (size_t count = 2; !found && !ktap_failed() && count < 2 * most; count *= 2) {
    const bool last = count >= most;
    found = pair_among(&like, last ? most : count, flags, movable, memory->addr, last);
  }
  return found;
}

bool memory_make_thp_pair(struct memory* memory, size_t size) {
  const size_t huge = thp_usable();
  (void)size;
  return huge && make_pair(memory, candidates, huge, 0);
}

bool memory_make_hugetlb_pair(struct memory* memory, size_t size) {
  const size_t huge = hugetlb_bytes();
  const long free_pages = hugetlb_free();
  (void)size;
  if (huge == 0) return ktap_skip("no hugetlb pages in this kernel");
  if (free_pages < 2) return ktap_skip("2 free huge pages are needed, only %ld exist", free_pages);
  return make_pair(memory, free_pages < candidates ? (size_t)free_pages : candidates, huge, MAP_HUGETLB);
}

// One read of each huge page maps the page of zeros.
bool memory_make_zero_thp(struct memory* memory, size_t size) {
  const size_t huge = thp_usable();
  char enabled = 0;
  if (huge == 0) return false;
  const int fd = open(zero_control, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || read(fd, &enabled, 1) != 1 || enabled != '1')
    ktap_skip("no huge zero page (%s)", zero_control);
  if (fd >= 0) close(fd);
  if (enabled != '1') return false;
  memory->folio = huge;
  if (!memory_map_aligned(memory, size, huge, MAP_PRIVATE | MAP_ANONYMOUS, -1)) return false;
  madvise(memory->addr, memory->size, MADV_HUGEPAGE);
  for (size_t at = 0; at < memory->size; at += huge) (void)*(volatile unsigned char*)(memory->addr + at);
  const uint64_t frame = pagemap_pfn(memory->addr), next = pagemap_pfn(memory->addr + page_bytes());
  return (frame && next == frame + 1) || ktap_skip("the kernel mapped no huge zero page");
}
