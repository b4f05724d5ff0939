// SPDX-License-Identifier: GPL-2.0
/* user:
what: "vmsplice() to a pipe with fewer slots than the memory has pages, until all of it is through"
rows: [G3, FOLL_GET]
traits: [out, data, pieces, carry, short]
claim: net_zero
proof: {mutant: m27-vmsplice-extra-ref, red: [pages.out.memfd]}
*/
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "buffers.h"
#include "contract/local_end.h"
#include "contract/user.h"
#include "ktap.h"

enum { slots = 4, pieces_most = 64 };

static int ends[2] = {-1, -1};

static bool open_user(void) {
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0 || fcntl(ends[1], F_SETPIPE_SZ, slots * page_bytes()) < 0)
    return ktap_fail("a pipe: %s", strerror(errno));
  return local_end_open();
}

static void close_user(void) {
  for (int i = 0; i < 2; ++i)
    if (ends[i] >= 0) close(ends[i]);
  ends[0] = ends[1] = -1;
  local_end_close();
}

static size_t drain(size_t at) {
  ssize_t got;
  while ((got = read(ends[0], local_end + at, local_end_most - at)) > 0) at += (size_t)got;
  return at;
}

// Without the first `done` bytes.
static int rest_of(const struct iovec* pieces, int count, size_t done, struct iovec* rest) {
  int left = 0;
  for (int i = 0; i < count; ++i) {
    const size_t skip = done < pieces[i].iov_len ? done : pieces[i].iov_len;
    done -= skip;
    if (skip < pieces[i].iov_len)
      rest[left++] = (struct iovec){(char*)pieces[i].iov_base + skip, pieces[i].iov_len - skip};
  }
  return left;
}

// What is left in the pipe by an attempt that failed is none of this one's.
static long carry_pieces(enum way way, const struct iovec* pieces, int count) {
  struct iovec rest[pieces_most];
  size_t done = 0;
  (void)way;
  if (count > pieces_most) return -E2BIG;
  drain(0);
  for (int left; (left = rest_of(pieces, count, done, rest)) > 0;) {
    const ssize_t moved = vmsplice(ends[1], rest, (unsigned long)left, SPLICE_F_NONBLOCK);
    if (moved <= 0) return done ? (long)done : -errno;
    done = drain(done);
  }
  return (long)done;
}

static long carry(enum way way, void* addr, size_t length) {
  const struct iovec piece = {addr, length};
  return carry_pieces(way, &piece, 1);
}

const struct user user_vmsplice_short = {
    .ways = USER_OUT,
    .open = open_user,
    .close = close_user,
    .mode = user_takes_references,
    .carry = carry,
    .carry_pieces = carry_pieces,
    .store = local_end_store,
    .load = local_end_load,
    .most = local_end_most / 4,
};
