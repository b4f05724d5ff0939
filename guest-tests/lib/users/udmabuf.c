// SPDX-License-Identifier: GPL-2.0
/* user:
what: "a dma-buf of a memfd (memfd_pin_folios()), read and written by its mapping"
rows: [G8]
traits: [in, out, data, hold, longterm]
# What leaks when memory runs out stays pinned.
destructive: true
needs: {symbols: [UDMABUF]}
not:
  release.half_in: "it takes pages of a file, whatever the protection of a mapping"
  release.half_out: "it takes pages of a file, whatever the protection of a mapping"
  release.end_of_file: "it takes pages of a file, and the file has to be sealed against shrinking"
  release.bad_address: "it takes a file, no addresses"
  readonly.in: "it takes pages of a file, whatever the protection of a mapping"
  readonly.out: "it takes pages of a file, whatever the protection of a mapping"
  readonly.part: "it takes pages of a file, whatever the protection of a mapping"
  fault.retried_in: "it takes pages of a file, no page fault is involved"
  fault.retried_out: "it takes pages of a file, no page fault is involved"
  fault.ends_badly: "it takes pages of a file, no page fault is involved"
  fault.taken_away: "it takes pages of a file, no page fault is involved"
  fault.write_protected: "it takes pages of a file, no page fault is involved"
  stay.truncate: "its memfd has to be sealed against shrinking"
  never.taken.pfnmap: "it takes a memfd alone"
not_memory: {anon: "it takes a memfd alone", untouched: "it takes a memfd alone", cow: "it takes a memfd
alone", zero: "it takes a memfd alone", thp: "it takes a memfd alone", pte_thp: "it takes a memfd alone",
  mthp: "it takes a memfd alone", hugetlb: "it takes a memfd alone", ksm: "it takes a memfd alone",
  hugetlb_64k: "it takes a memfd alone", hugetlb_32m: "it takes a memfd alone",
  hugetlb_1g: "it takes a memfd alone", guard: "it takes a memfd alone", zero_thp: "it takes a memfd alone",
  thp_pair: "it takes a memfd alone", hugetlb_pair: "it takes a memfd alone"}
proof:
  - {mutant: m26-udmabuf-keeps-first, red: [pages.in.memfd]}
  - {mutant: m214-memfd-stays-movable, red: [longterm.movable.memfd]}
*/
#include <errno.h>
#include <fcntl.h>
#include <linux/udmabuf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "contract/memory.h"
#include "contract/user.h"
#include "ktap.h"
#include "probe.h"

enum { most = 4 << 20 };

static int device = -1, dmabuf = -1;
static enum way held_way;
static size_t held_length, stored;
static unsigned char* other;

static bool open_user(void) {
  stored = 0;
  device = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
  other = calloc(1, most);
  if (device < 0) return ktap_skip("/dev/udmabuf: %s (UDMABUF)", strerror(errno));
  return other || ktap_fail("no memory");
}

static void close_user(void) {
  if (dmabuf >= 0) close(dmabuf);
  if (device >= 0) close(device);
  free(other);
  device = dmabuf = -1;
  other = NULL;
}

static void forked(void) {
  if (dmabuf >= 0) close(dmabuf);
}

static int take(enum way way, void* addr, size_t length) {
  const struct memory* memory = memory_at(addr);
  if (!memory) return -EFAULT;
  const int fd = memory_fd(memory);
  fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK);
  struct udmabuf_create request = {.memfd = (unsigned)fd,
                                   .flags = UDMABUF_FLAGS_CLOEXEC,
                                   .offset = (size_t)((unsigned char*)addr - memory->addr),
                                   .size = length};
  dmabuf = ioctl(device, UDMABUF_CREATE, &request);
  held_way = way;
  held_length = length;
  return dmabuf < 0 ? -errno : 0;
}

static long let_go(void) {
  long done = 0;
  if (dmabuf < 0) return 0;
  if (stored >= held_length) {
    unsigned char* view = mmap(NULL, held_length, PROT_READ | PROT_WRITE, MAP_SHARED, dmabuf, 0);
    done = view == MAP_FAILED ? -errno : (long)held_length;
    if (done > 0 && held_way == WAY_IN) memcpy(view, other, held_length);
    if (done > 0 && held_way == WAY_OUT) memcpy(other, view, held_length);
    if (done > 0) munmap(view, held_length);
  }
  close(dmabuf);
  dmabuf = -1;
  return done;
}

static bool store(const void* data, size_t length) {
  memcpy(other, data, length);
  stored = length;
  return true;
}

static bool load(void* data, size_t length) {
  memcpy(data, other, length);
  return true;
}

// Each folio once, whatever part of it.
static void counts(enum way way, const void* addr, size_t length, struct user_counts* counts) {
  (void)way;
  const struct memory* memory = memory_at(addr);
  if (!memory || probe_udmabuf_mode() != MODE_PIN) return;
  const size_t from = (size_t)((const unsigned char*)addr - memory->addr), to = from + length - 1;
  counts->acquired = counts->kept = (long long)(to / memory->folio - from / memory->folio + 1);
}

const struct user user_udmabuf = {
    .ways = USER_IN | USER_OUT,
    .open = open_user,
    .close = close_user,
    .forked = forked,
    .take = take,
    .let_go = let_go,
    .store = store,
    .load = load,
    .mode = probe_udmabuf_mode,
    .counts = counts,
    .align = USER_WHOLE_PAGES,
    .most = most,
    .refusal = EBADFD,
    .longterm = true,
};
