// SPDX-License-Identifier: GPL-2.0
// process_vm_readv() and process_vm_writev() with iovecs of many shapes on both sides: every page of every
// remote iovec is pinned once per iovec, independent of the local ones; a hole ends the transfer before it.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "buffers.h"
#include "ktap.h"
#include "pins.h"

enum { pages = 16, most = 256 };

// `count` pieces of `length` bytes, `stride` apart, from `start` on.
struct row {
  int count;
  size_t length, stride, start;
};

struct vm_case {
  struct row remote, local;
  bool write;
};

static size_t lay_out(const struct row* row, unsigned char* base, struct iovec* vec) {
  for (int i = 0; i < row->count; ++i)
    vec[i] = (struct iovec){base + row->start + (size_t)i * row->stride, row->length};
  return (size_t)row->count * row->length;
}

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

// Fills or checks the first `limit` bytes of the pieces.
static bool pattern(const struct iovec* vec, int count, unsigned seed, size_t limit, bool fill) {
  size_t position = 0;
  for (int i = 0; i < count && position < limit; position += vec[i++].iov_len) {
    size_t length = least(vec[i].iov_len, limit - position);
    if (fill)
      pattern_fill(vec[i].iov_base, length, seed, position);
    else if (pattern_check(vec[i].iov_base, length, seed, position) >= 0)
      return ktap_fail("wrong data in piece %d", i);
  }
  return true;
}

static void transfer(const void* arg) {
  static unsigned seed = 2500;
  const struct vm_case* c = arg;
  struct buffer remote, local;
  struct iovec there[most], here[most];
  struct pins before;
  if (!buffer_get(&remote, BUFFER_PAGES, pages * page_bytes()) ||
      !buffer_get(&local, BUFFER_PAGES, pages * page_bytes()))
    return;
  size_t moved = least(lay_out(&c->remote, remote.addr, there), lay_out(&c->local, local.addr, here));
  long long pinned = 0;
  for (int i = 0; i < c->remote.count; ++i)
    pinned += (long long)pages_spanned(there[i].iov_base, there[i].iov_len);
  if (c->write)
    pattern(here, c->local.count, ++seed, moved, true);
  else
    pattern(there, c->remote.count, ++seed, moved, true);
  if (pins_begin(&before)) {
    unsigned long remotes = (unsigned long)c->remote.count, locals = (unsigned long)c->local.count;
    ssize_t done = c->write ? process_vm_writev(getpid(), here, locals, there, remotes, 0)
                            : process_vm_readv(getpid(), here, locals, there, remotes, 0);
    if (done != (ssize_t)moved) ktap_fail("%zd of %zu bytes: %s", done, moved, strerror(errno));
    pins_expect(&before, pinned, pinned);
    if (c->write)
      pattern(there, c->remote.count, seed, moved, false);
    else
      pattern(here, c->local.count, seed, moved, false);
  }
  buffer_put(&local);
  buffer_put(&remote);
}

// Three remote pieces of which the middle one is not mapped: the first is copied, nothing stays pinned.
static void hole_in_second_piece(const void* arg) {
  struct buffer remote, local;
  struct pins before;
  bool write = arg != NULL;
  size_t page = page_bytes();
  if (!buffer_get(&remote, BUFFER_MEMFD, 3 * page) || !buffer_get(&local, BUFFER_PAGES, 3 * page)) return;
  mprotect(remote.addr + page, page, PROT_NONE);
  struct iovec there[3] = {{remote.addr, page}, {remote.addr + page, page}, {remote.addr + 2 * page, page}};
  struct iovec here = {local.addr, 3 * page};
  if (pins_begin(&before)) {
    ssize_t done = write ? process_vm_writev(getpid(), &here, 1, there, 3, 0)
                         : process_vm_readv(getpid(), &here, 1, there, 3, 0);
    if (done != (ssize_t)page) ktap_fail("%zd bytes, want one page: %s", done, strerror(errno));
    pins_expect(&before, 1, 1);
  }
  buffer_put(&local);
  buffer_seal(&remote);
  buffer_put(&remote);
}

// The local side is not writable: what was pinned of the remote side is released.
static void local_side_unwritable(const void* arg) {
  (void)arg;
  struct buffer remote, local;
  struct pins before;
  if (!buffer_get(&remote, BUFFER_MEMFD, pages * page_bytes()) ||
      !buffer_get(&local, BUFFER_PAGES, pages * page_bytes()))
    return;
  mprotect(local.addr, local.size, PROT_READ);
  struct iovec there = {remote.addr, remote.size}, here = {local.addr, local.size};
  if (pins_begin(&before)) {
    ssize_t done = process_vm_readv(getpid(), &here, 1, &there, 1, 0);
    if (done != -1 || errno != EFAULT) ktap_fail("%zd bytes were read into read-only memory", done);
    pins_expect(&before, pages, pages);
  }
  buffer_put(&local);
  buffer_seal(&remote);
  buffer_put(&remote);
}

int main(void) {
  static struct vm_case sets[6];
  size_t page = page_bytes();
  sets[0] = (struct vm_case){{200, 16, 16, 0}, {1, 3200, 0, 0}, false};
  sets[1] = (struct vm_case){{5, page, 3 * page, 100}, {2, 5 * page / 2, 3 * page, 7}, false};
  sets[2] = (struct vm_case){{3, 4 * page / 3, 2 * page, page / 2}, {4, page, page, 0}, true};
  sets[3] = (struct vm_case){{1, pages * page, 0, 0}, {1, 100, 0, 0}, false};
  sets[4] = (struct vm_case){{4, 512, 512, page - 1024}, {128, 16, 32, 5}, true};
  sets[5] = (struct vm_case){{8, 2 * page, 2 * page, 0}, {16, page, page, 0}, true};
  const struct ktap_case cases[] = {
      {"200_pieces_of_a_page", transfer, &sets[0]},
      {"5_remote_2_local", transfer, &sets[1]},
      {"write_3_remote_4_local", transfer, &sets[2]},
      {"local_shorter", transfer, &sets[3]},
      {"write_across_a_page_end", transfer, &sets[4]},
      {"write_8_remote_16_local", transfer, &sets[5]},
      {"hole_in_second_piece", hole_in_second_piece, NULL},
      {"write_hole_in_second_piece", hole_in_second_piece, "write"},
      {"local_side_unwritable", local_side_unwritable, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
