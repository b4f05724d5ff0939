// SPDX-License-Identifier: GPL-2.0
/* user:
what: "kernel TLS (1.2): pages are encrypted when they are sent, and a received record is decrypted into them"
rows: [G24]
traits: [in, out, data, carry, short]
claim: net_zero
needs: {symbols: [INET, TLS]}
not:
  never.taken: "what cannot be taken is copied (tls_sw_sendmsg(), tls_decrypt_sg())"
proof: {mutant: m81-tls-keeps-first, red: [pages.in.memfd]}
*/
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "contract/local_end.h"
#include "contract/socket_user.h"
#include "contract/user.h"
#include "ktap.h"

enum { limit_s = 5 };

static long carried(enum way way, void* addr, size_t length) {
  const void* from = way == WAY_OUT ? addr : local_end;
  const ssize_t sent = send(socket_user_ends[0], from, length, MSG_NOSIGNAL);
  if (sent < 0) return -errno;
  if (way == WAY_OUT) return socket_user_receive((size_t)sent);
  const struct timeval limit = {.tv_sec = limit_s};
  setsockopt(socket_user_ends[1], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  const ssize_t got = recv(socket_user_ends[1], addr, (size_t)sent, MSG_WAITALL);
  return got < 0 ? -errno : got;
}

// A record that could not be decrypted ends the connection.
static long carry(enum way way, void* addr, size_t length) {
  const long done = carried(way, addr, length);
  if (done != (long)length && !socket_user_renew_tls()) return -EIO;
  return done;
}

const struct user user_ktls = {
    .ways = USER_IN | USER_OUT,
    .open = socket_user_open_tls,
    .close = socket_user_close,
    .mode = user_takes_references,
    .renew = socket_user_renew_tls,
    .carry = carry,
    .store = local_end_store,
    .load = local_end_load,
    .most = socket_user_most,
};
