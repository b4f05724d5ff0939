// SPDX-License-Identifier: GPL-2.0
/* user:
what: "process_vm_readv() and process_vm_writev() on this process"
rows: [G1]
traits: [in, out, data, pieces, carry, short]
needs: {symbols: [CROSS_MEMORY_ATTACH]}
*/
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "contract/user.h"
#include "ktap.h"

enum { most = 1 << 20 };

// The local side, which the kernel copies from or to.
static unsigned char* other;

static bool open_user(void) {
  other = calloc(1, most);
  return other || ktap_fail("no memory");
}

static void close_user(void) {
  free(other);
  other = NULL;
}

static long carry_pieces(enum way way, const struct iovec* pieces, int count) {
  struct iovec local = {other, 0};
  for (int i = 0; i < count; ++i) local.iov_len += pieces[i].iov_len;
  const ssize_t done = way == WAY_IN ? process_vm_writev(getpid(), &local, 1, pieces, (unsigned long)count, 0)
                                     : process_vm_readv(getpid(), &local, 1, pieces, (unsigned long)count, 0);
  return done < 0 ? -errno : done;
}

static long carry(enum way way, void* addr, size_t length) {
  const struct iovec piece = {addr, length};
  return carry_pieces(way, &piece, 1);
}

static bool store(const void* data, size_t length) {
  memcpy(other, data, length);
  return true;
}

static bool load(void* data, size_t length) {
  memcpy(data, other, length);
  return true;
}

const struct user user_process_vm = {
    .ways = USER_IN | USER_OUT,
    .open = open_user,
    .close = close_user,
    .carry = carry,
    .carry_pieces = carry_pieces,
    .store = store,
    .load = load,
    .most = most,
};
