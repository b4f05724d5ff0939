// SPDX-License-Identifier: GPL-2.0
/* user:
what: "submission entries of an io_uring in memory of the process (IORING_SETUP_NO_MMAP, since 6.5)"
rows: [D9, R4, FOLL_LONGTERM]
traits: [in, hold, longterm]
needs: {symbols: [IO_URING]}
proof: {mutant: m56-unpin-pages-keeps-last, red: [pages.in.anon]}
*/
#include <errno.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "buffers.h"
#include "contract/user.h"
#include "ktap.h"
#include "pins.h"

#ifndef IORING_SETUP_NO_MMAP
#define IORING_SETUP_NO_MMAP (1U << 14)
#endif

// Of each ring: entries, a slot for each submission, and at most what it has in addition
// (struct io_rings).
enum { sqe = 64, cqe = 16, slot = 4, header = 320, entries_most = 32768, rings_most = 16 };

static int rings[rings_most];
static int count;
static struct buffer other;  // completion entries

static size_t ring_bytes(unsigned entries) { return header + (size_t)entries * (2 * cqe + slot); }

static int setup(void* entries_at, unsigned entries) {
  struct io_uring_params params;
  memset(&params, 0, sizeof(params));
  params.flags = IORING_SETUP_NO_MMAP;
  // The last member of each: user_addr, and resv2 before 6.5.
  const uint64_t sqes = (uintptr_t)entries_at, cqes = (uintptr_t)other.addr;
  memcpy((char*)(&params.sq_off + 1) - sizeof(sqes), &sqes, sizeof(sqes));
  memcpy((char*)(&params.cq_off + 1) - sizeof(cqes), &cqes, sizeof(cqes));
  const long fd = syscall(SYS_io_uring_setup, entries, &params);
  return fd < 0 ? -errno : (int)fd;
}

static bool open_user(void) {
  count = 0;
  if (!buffer_get(&other, BUFFER_PAGES, ring_bytes(entries_most))) return false;
  madvise(other.map, other.map_size, MADV_DONTFORK);
  // With memory that cannot be taken, after that of the completion entries.
  pins_claim_at_least(1);
  return setup((void*)page_bytes(), 1) != -EINVAL || ktap_skip("no IORING_SETUP_NO_MMAP (since 6.5)");
}

static long let_go(void) {
  while (count > 0) close(rings[--count]);
  return 0;
}

static void close_user(void) {
  let_go();
  if (other.addr) buffer_put(&other);
  other.addr = NULL;
}

static void forked(void) {
  for (int i = 0; i < count; ++i) close(rings[i]);
}

static unsigned largest(size_t length) {
  unsigned entries = entries_most;
  while ((size_t)entries * sqe > length) entries /= 2;
  return entries;
}

// As many rings as powers of two make up the length.
static int take(enum way way, void* addr, size_t length) {
  (void)way;
  for (size_t done = 0; done < length;) {
    const unsigned entries = largest(length - done);
    const int fd = count < rings_most ? setup((char*)addr + done, entries) : -E2BIG;
    if (fd < 0) {
      let_go();
      return fd;
    }
    rings[count++] = fd;
    done += (size_t)entries * sqe;
  }
  return 0;
}

// Both parts of each ring.
static void counts(enum way way, const void* addr, size_t length, struct user_counts* counts) {
  (void)way;
  counts->acquired = (long long)pages_spanned(addr, length);
  for (size_t done = 0; done < length;) {
    const unsigned entries = largest(length - done);
    counts->acquired += (long long)pages_spanned(other.addr, ring_bytes(entries));
    done += (size_t)entries * sqe;
  }
  counts->kept = counts->acquired;
}

const struct user user_io_uring_no_mmap = {
    .ways = USER_IN,
    .open = open_user,
    .close = close_user,
    .forked = forked,
    .take = take,
    .let_go = let_go,
    .counts = counts,
    .align = USER_WHOLE_PAGES,
    .longterm = true,
};
