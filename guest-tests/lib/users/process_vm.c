// SPDX-License-Identifier: GPL-2.0
/* user:
what: "process_vm_readv() and process_vm_writev() on this process"
rows: [G1]
traits: [in, out, data, pieces, carry, short]
needs: {symbols: [CROSS_MEMORY_ATTACH]}
*/
#include <errno.h>
#include <sys/uio.h>
#include <unistd.h>

#include "contract/local_end.h"
#include "contract/user.h"

static long carry_pieces(enum way way, const struct iovec* pieces, int count) {
  struct iovec local = {local_end, 0};
  for (int i = 0; i < count; ++i) local.iov_len += pieces[i].iov_len;
  const ssize_t done = way == WAY_IN ? process_vm_writev(getpid(), &local, 1, pieces, (unsigned long)count, 0)
                                     : process_vm_readv(getpid(), &local, 1, pieces, (unsigned long)count, 0);
  return done < 0 ? -errno : done;
}

static long carry(enum way way, void* addr, size_t length) {
  const struct iovec piece = {addr, length};
  return carry_pieces(way, &piece, 1);
}

const struct user user_process_vm = {
    .ways = USER_IN | USER_OUT,
    .open = local_end_open,
    .close = local_end_close,
    .carry = carry,
    .carry_pieces = carry_pieces,
    .store = local_end_store,
    .load = local_end_load,
    .most = local_end_most,
};
