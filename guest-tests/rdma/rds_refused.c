// SPDX-License-Identifier: GPL-2.0
// Memory regions that RDS refuses: what was pinned by then is unpinned.
#include <errno.h>
#include <linux/rds.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "buffers.h"
#include "ktap.h"
#include "pins.h"
#include "rds.h"

enum { pages = 16, max_bytes = 1 << 20, whole = 1 };

struct refusal {
  size_t bytes;  // `whole`: of the buffer
  int error;
  int protection;  // of the buffer's second half; -1: nothing is there
};

// Asked for by a message, which is then not sent.
static void refused(const void* arg) {
  const struct refusal* refusal = arg;
  struct rds_end ends[2];
  struct buffer buffer;
  struct pins before;
  uint64_t cookie = 0;
  if (!buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes())) return;
  unsigned char* half = buffer.addr + buffer.size / 2;
  if (refusal->protection < 0)
    munmap(half, buffer.size / 2);
  else
    mprotect(half, buffer.size / 2, refusal->protection);
  if (rds_open(ends) && pins_begin(&before)) {
    int error =
        rds_map(ends, buffer.addr, refusal->bytes == whole ? buffer.size : refusal->bytes, 0, &cookie);
    if (error != refusal->error)
      ktap_fail("mapping gave %s, not %s", strerror(error), strerror(refusal->error));
    // What comes before the part that cannot be had may have been pinned for a moment.
    pins_expect_at_least(&before, 0, 0);
  }
  rds_close(ends);
  buffer_put(&buffer);
}

// Nobody can be told of a region whose name cannot be written down: it goes again.
static void no_room_for_cookie(const void* arg) {
  (void)arg;
  struct rds_end ends[2];
  struct buffer buffer;
  struct pins before;
  uint64_t* nowhere = (uint64_t*)page_bytes();
  if (!buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes())) return;
  if (rds_open(ends) && pins_begin(&before)) {
    int error = rds_map(ends, buffer.addr, buffer.size, RDS_RDMA_INVALIDATE, nowhere);
    if (error != EFAULT) ktap_fail("mapping gave %s, not EFAULT", strerror(error));
    pins_expect_at_least(&before, pages, 0);
  }
  rds_close(ends);
  buffer_put(&buffer);
}

// Asked for without a peer: pins, and then finds no connection to register for. Unbound: pins nothing.
static void without_peer(const void* arg) {
  const bool* bound = arg;
  struct rds_end end;
  struct buffer buffer;
  struct pins before;
  uint64_t cookie = 0;
  if (!buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes())) return;
  if (rds_end_open(&end, *bound) && pins_begin(&before)) {
    struct rds_get_mr_args args = {.vec = {(uintptr_t)buffer.addr, buffer.size},
                                   .cookie_addr = (uintptr_t)&cookie};
    int error = setsockopt(end.fd, SOL_RDS, RDS_GET_MR, &args, sizeof(args)) == 0 ? 0 : errno;
    if (error != (*bound ? EOPNOTSUPP : ENOTCONN)) ktap_fail("RDS_GET_MR gave %s", strerror(error));
    pins_expect_at_least(&before, *bound ? pages : 0, 0);
  }
  if (end.fd >= 0) close(end.fd);
  buffer_put(&buffer);
}

int main(void) {
  static const struct refusal nothing = {0, EINVAL, PROT_READ | PROT_WRITE},
                              wrapped = {(size_t)-1, EINVAL, PROT_READ | PROT_WRITE},
                              large = {max_bytes + (1 << 18), EMSGSIZE, PROT_READ | PROT_WRITE},
                              read_only = {whole, EFAULT, PROT_READ}, absent = {whole, EFAULT, -1};
  static const bool bound = true, unbound = false;
  static const struct ktap_case cases[] = {
      {"no_bytes", refused, &nothing},        {"wrapped", refused, &wrapped},
      {"too_large", refused, &large},         {"half_read_only", refused, &read_only},
      {"half_absent", refused, &absent},      {"no_room_for_cookie", no_room_for_cookie, NULL},
      {"without_peer", without_peer, &bound}, {"unbound", without_peer, &unbound},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
