// SPDX-License-Identifier: GPL-2.0
#include "contract/socket_user.h"

#include <errno.h>
#include <linux/tls.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "contract/local_end.h"
#include "fault.h"
#include "ktap.h"
#include "ktls.h"
#include "loopback.h"

enum { limit_ms = 5000 };

int socket_user_ends[2] = {-1, -1};

static void close_ends(void) {
  for (int i = 0; i < 2; ++i)
    if (socket_user_ends[i] >= 0) close(socket_user_ends[i]);
  socket_user_ends[0] = socket_user_ends[1] = -1;
}

bool socket_user_renew_zerocopy(void) {
  const int one = 1;
  close_ends();
  if (!loopback_pair(SOCK_STREAM, socket_user_ends)) return false;
  return setsockopt(socket_user_ends[0], SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one)) == 0 ||
         ktap_skip("SO_ZEROCOPY: %s", strerror(errno));
}

bool socket_user_open_zerocopy(void) { return local_end_open() && socket_user_renew_zerocopy(); }

bool socket_user_renew_tls(void) {
  const int left = fault_nth_pause();
  close_ends();
  const bool good =
      loopback_pair(SOCK_STREAM, socket_user_ends) && ktls_encrypt(socket_user_ends, TLS_1_2_VERSION);
  fault_nth_resume(left);
  return good;
}

bool socket_user_open_tls(void) { return local_end_open() && socket_user_renew_tls(); }

void socket_user_close(void) {
  close_ends();
  local_end_close();
}

long socket_user_receive(size_t length) {
  for (size_t done = 0; done < length;) {
    struct pollfd ready = {socket_user_ends[1], POLLIN, 0};
    if (poll(&ready, 1, limit_ms) != 1) return -ETIME;
    const ssize_t got = recv(socket_user_ends[1], local_end + done, length - done, 0);
    if (got <= 0) return got < 0 ? -errno : -EPIPE;
    done += (size_t)got;
  }
  return (long)length;
}
