// SPDX-License-Identifier: GPL-2.0
/* user:
what: "vmsplice() to a pipe, which holds the pages until it is read"
rows: [G3, FOLL_GET]
traits: [out, data, pieces, carry, hold, short]
claim: net_zero
proof: {mutant: m27-vmsplice-extra-ref, red: [pages.out.memfd]}
*/
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "contract/local_end.h"
#include "contract/user.h"
#include "ktap.h"

enum { pipe_bytes = 1 << 20 };

static int ends[2] = {-1, -1};

static bool open_user(void) {
  // A slot for each page, however many the transfer has.
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0 || fcntl(ends[1], F_SETPIPE_SZ, pipe_bytes) < 0)
    return ktap_fail("a pipe: %s", strerror(errno));
  return local_end_open();
}

static void close_user(void) {
  for (int i = 0; i < 2; ++i)
    if (ends[i] >= 0) close(ends[i]);
  ends[0] = ends[1] = -1;
  local_end_close();
}

static long drain(void) {
  size_t done = 0;
  ssize_t got;
  while ((got = read(ends[0], local_end + done, pipe_bytes - done)) > 0) done += (size_t)got;
  return (long)done;
}

static long fill(const struct iovec* pieces, int count) {
  drain();
  const ssize_t done = vmsplice(ends[1], pieces, (unsigned long)count, SPLICE_F_NONBLOCK);
  return done < 0 ? -errno : done;
}

static long carry_pieces(enum way way, const struct iovec* pieces, int count) {
  (void)way;
  const long done = fill(pieces, count);
  return done > 0 ? drain() : done;
}

static long carry(enum way way, void* addr, size_t length) {
  const struct iovec piece = {addr, length};
  return carry_pieces(way, &piece, 1);
}

static int take(enum way way, void* addr, size_t length) {
  (void)way;
  const struct iovec piece = {addr, length};
  const long done = fill(&piece, 1);
  if (done == (long)length) return 0;
  drain();
  return done < 0 ? (int)done : -EFAULT;
}

const struct user user_vmsplice = {
    .ways = USER_OUT,
    .open = open_user,
    .close = close_user,
    .mode = user_takes_references,
    .carry = carry,
    .carry_pieces = carry_pieces,
    .take = take,
    .let_go = drain,
    .store = local_end_store,
    .load = local_end_load,
    .most = pipe_bytes / 2,
};
