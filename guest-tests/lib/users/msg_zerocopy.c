// SPDX-License-Identifier: GPL-2.0
/* user:
what: "send() with MSG_ZEROCOPY over TCP, to its completion"
rows: [G4]
traits: [out, data, pieces, carry, short]
claim: net_zero
needs: {symbols: [INET]}
proof: {mutant: m39-zerocopy-extra-ref, red: [pages.out.memfd]}
*/
// errqueue.h needs <time.h> before it.
// clang-format off
#include <time.h>
#include <linux/errqueue.h>
// clang-format on

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "contract/local_end.h"
#include "contract/socket_user.h"
#include "contract/user.h"

enum { limit_ms = 5000 };

// The kernel says that it needs the pages no more.
static bool completed(void) {
  char control[256];
  struct msghdr message = {.msg_control = control, .msg_controllen = sizeof(control)};
  struct pollfd ready = {socket_user_ends[0], 0, 0};  // POLLERR comes unasked
  return poll(&ready, 1, limit_ms) == 1 && recvmsg(socket_user_ends[0], &message, MSG_ERRQUEUE) >= 0;
}

static long carry_pieces(enum way way, const struct iovec* pieces, int count) {
  (void)way;
  const struct msghdr message = {.msg_iov = (struct iovec*)pieces, .msg_iovlen = (size_t)count};
  const ssize_t done = sendmsg(socket_user_ends[0], &message, MSG_ZEROCOPY);
  if (done < 0) return -errno;
  const long arrived = socket_user_receive((size_t)done);
  return completed() ? arrived : -ETIME;
}

static long carry(enum way way, void* addr, size_t length) {
  const struct iovec piece = {addr, length};
  return carry_pieces(way, &piece, 1);
}

const struct user user_msg_zerocopy = {
    .ways = USER_OUT,
    .open = socket_user_open_zerocopy,
    .close = socket_user_close,
    .mode = user_takes_references,
    .renew = socket_user_renew_zerocopy,
    .carry = carry,
    .carry_pieces = carry_pieces,
    .store = local_end_store,
    .load = local_end_load,
    .most = socket_user_most,
};
