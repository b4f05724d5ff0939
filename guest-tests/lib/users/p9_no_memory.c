// SPDX-License-Identifier: GPL-2.0
/* user:
what: "O_DIRECT on a 9p share over virtio while memory runs out: p9, in a guest of its own"
rows: [D20]
traits: [carry]
limit: 60
# 6.12 frees a request twice (netfs_unbuffered_read()), and nothing after it can be trusted.
destructive: true
needs: {devices: [p9], symbols: [9P_FS, NET_9P_VIRTIO]}
not:
  release.bad_address: "asked of p9"
  never.taken: "asked of p9"
  fault.ends_badly: "asked of p9"
  fault.taken_away: "asked of p9"
proof: {base: debian-6.12, verdict: crash}
*/
#include <unistd.h>

#include "contract/dio_user.h"

// The error of a write that succeeds when it is repeated is reported to the next one
// (netfs_collect_write_results()): it is taken away.
static long carry(enum way way, void* addr, size_t length) {
  const long done = dio_user_carry(way, addr, length);
  if (way == WAY_OUT) fsync(dio_user_fd());
  return done;
}

DIO_USER_FS_BY(p9_no_memory, "9p", carry);
