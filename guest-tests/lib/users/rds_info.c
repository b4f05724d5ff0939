// SPDX-License-Identifier: GPL-2.0
/* user:
what: "memory that getsockopt() of RDS writes its counters to (rds_info_getsockopt())"
rows: [G24]
traits: [in, carry, short]
needs: {symbols: [RDS]}
proof: {mutant: m52-gup-keeps-lock, red: [fault.retried_in.untouched]}
*/
#include <errno.h>
#include <linux/rds.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "contract/user.h"
#include "ktap.h"

static int fd = -1;

static bool open_user(void) {
  fd = socket(AF_RDS, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  return fd >= 0 || ktap_skip("socket(AF_RDS): %s (RDS)", strerror(errno));
}

static void close_user(void) {
  if (fd >= 0) close(fd);
  fd = -1;
}

// Gives the size of a counter. All of the memory is taken, however much there is to say; for too little of it
// that is ENOSPC.
static long carry(enum way way, void* addr, size_t length) {
  socklen_t size = (socklen_t)length;
  (void)way;
  if (getsockopt(fd, SOL_RDS, RDS_INFO_COUNTERS, addr, &size) >= 0 || errno == ENOSPC) return (long)length;
  return -errno;
}

const struct user user_rds_info = {
    .ways = USER_IN,
    .open = open_user,
    .close = close_user,
    .carry = carry,
    .refusal = EAGAIN,
};
