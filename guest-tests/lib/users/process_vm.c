// SPDX-License-Identifier: GPL-2.0
/* user:
what: "process_vm_readv() and process_vm_writev() on this process, held by a fault of their other end"
rows: [G1]
traits: [in, out, data, pieces, carry, hold, short]
needs: {symbols: [CROSS_MEMORY_ATTACH, USERFAULTFD]}
not:
  stay.read: "it has begun to copy when its other end faults"
proof:
  - {mutant: m21-process-vm-keeps-last, red: [pages.in.anon, pages.out.anon]}
  - {mutant: m218-retry-error-keeps, red: [fault.taken_away.untouched]}
*/
#include <errno.h>
#include <sys/uio.h>
#include <unistd.h>

#include "contract/fault_gate.h"
#include "contract/local_end.h"
#include "contract/user.h"

static long call(enum way way, const struct iovec* local, const struct iovec* pieces, int count) {
  const ssize_t done = way == WAY_IN ? process_vm_writev(getpid(), local, 1, pieces, (unsigned long)count, 0)
                                     : process_vm_readv(getpid(), local, 1, pieces, (unsigned long)count, 0);
  return done < 0 ? -errno : done;
}

static long carry_pieces(enum way way, const struct iovec* pieces, int count) {
  struct iovec local = {local_end, 0};
  for (int i = 0; i < count; ++i) local.iov_len += pieces[i].iov_len;
  return call(way, &local, pieces, count);
}

static long carry(enum way way, void* addr, size_t length) {
  const struct iovec piece = {addr, length};
  return carry_pieces(way, &piece, 1);
}

static long with(enum way way, unsigned char* other, void* addr, size_t length) {
  const struct iovec local = {other, length}, piece = {addr, length};
  return call(way, &local, &piece, 1);
}

static bool open_user(void) { return local_end_open() && fault_gate_open(with); }

static void close_user(void) {
  fault_gate_close();
  local_end_close();
}

const struct user user_process_vm = {
    .ways = USER_IN | USER_OUT,
    .open = open_user,
    .close = close_user,
    .carry = carry,
    .carry_pieces = carry_pieces,
    .take = fault_gate_take,
    .let_go = fault_gate_let_go,
    .store = local_end_store,
    .load = local_end_load,
    .most = local_end_most,
};
