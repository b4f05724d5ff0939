// SPDX-License-Identifier: GPL-2.0
/* user:
what: "READ(10) and WRITE(10) by vhost-scsi, held by a page of the same request that is missing"
rows: [G22, FOLL_GET]
traits: [in, out, data, pieces, carry, hold, short]
claim: net_zero
needs: {symbols: [VHOST_SCSI, TARGET_CORE, USERFAULTFD]}
not:
  release.no_memory: "the pages are taken by vhost's thread, where this process injects no faults"
proof: {mutant: m61-vhost-scsi-keeps-first, red: [pages.in.memfd, pages.out.hugetlb]}
*/
#include "vhost_scsi.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "contract/once.h"
#include "contract/user.h"
#include "ktap.h"
#include "patience.h"
#include "target.h"

enum { most = 512 << 10, limit_ms = 5000 };

static struct vhost_scsi host = VHOST_SCSI_CLOSED;
// The last piece of each request fills up its last block. vhost takes the pieces one after the other: while
// that page is missing and userfaultfd watches it, vhost waits for it and has taken all the others.
static struct buffer filler = {.map = MAP_FAILED, .fd = -1};
static int gate = -1;
static long held;  // bytes

static bool open_user(void) {
  held = 0;
  return once_made(target_open, target_close) && vhost_scsi_attach(&host) &&
         buffer_get(&filler, BUFFER_PAGES, page_bytes());
}

// Who waits for the page gets an empty one.
static void open_gate(void) {
  if (gate >= 0) close(gate);
  gate = -1;
}

static void close_user(void) {
  open_gate();
  vhost_scsi_detach(&host);
  buffer_put(&filler);
}

static bool close_gate(void) {
  struct uffdio_api api = {.api = UFFD_API};
  struct uffdio_register range = {.range = {(uintptr_t)filler.addr, page_bytes()},
                                  .mode = UFFDIO_REGISTER_MODE_MISSING};
  gate = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
  if (gate < 0) return ktap_skip("userfaultfd: %s", strerror(errno));
  return (madvise(filler.addr, page_bytes(), MADV_DONTNEED) == 0 && ioctl(gate, UFFDIO_API, &api) == 0 &&
          ioctl(gate, UFFDIO_REGISTER, &range) == 0) ||
         ktap_fail("watching a page: %s", strerror(errno));
}

// A child would keep the gate closed, and the disk in use.
static void forked(void) {
  open_gate();
  close(host.fd);
}

static int submit(enum way way, const struct iovec* pieces, int count) {
  struct iovec all[VHOST_SCSI_PIECES];
  size_t length = 0;
  if (count >= VHOST_SCSI_PIECES) return -E2BIG;
  for (int i = 0; i < count; ++i) {
    all[i] = pieces[i];
    length += pieces[i].iov_len;
  }
  all[count] = (struct iovec){filler.addr, VHOST_SCSI_BLOCK - length % VHOST_SCSI_BLOCK};
  return vhost_scsi_submit(&host, way == WAY_OUT, all, count + 1);
}

// A request that fails stays in the ring: the next one needs a new device.
static int refused(int error) {
  const int again = vhost_scsi_restart(&host);
  if (again) ktap_fail("starting vhost-scsi again: %s", strerror(-again));
  return error;
}

static long carry_pieces(enum way way, const struct iovec* pieces, int count) {
  long length = 0;
  for (int i = 0; i < count; ++i) length += (long)pieces[i].iov_len;
  int error = submit(way, pieces, count);
  if (!error) error = vhost_scsi_answer(&host);
  return error ? refused(error) : length;
}

static long carry(enum way way, void* addr, size_t length) {
  const struct iovec piece = {addr, length};
  return carry_pieces(way, &piece, 1);
}

// Until vhost waits for the page, or refuses what comes before it.
static int await_gate(void) {
  struct pollfd ready[] = {{gate, POLLIN, 0}, {host.error, POLLIN, 0}};
  if (poll(ready, 2, patience_scaled(limit_ms)) < 1) return -ETIME;
  return ready[1].revents ? -EFAULT : 0;
}

static int take(enum way way, void* addr, size_t length) {
  const struct iovec piece = {addr, length};
  int error = close_gate() ? submit(way, &piece, 1) : -EIO;
  if (!error) error = await_gate();
  if (!error) held = (long)length;
  if (error) open_gate();
  return error ? refused(error) : 0;
}

static long let_go(void) {
  const long length = held;
  if (length == 0) return 0;
  held = 0;
  open_gate();
  const int error = vhost_scsi_answer(&host);
  return error ? refused(error) : length;
}

static bool store(const void* data, size_t length) {
  return carry(WAY_OUT, (void*)data, length) == (long)length ||
         ktap_fail("storing %zu bytes on the disk", length);
}

static bool load(void* data, size_t length) {
  return carry(WAY_IN, data, length) == (long)length || ktap_fail("loading %zu bytes from the disk", length);
}

const struct user user_vhost_scsi = {
    .ways = USER_IN | USER_OUT,
    .open = open_user,
    .close = close_user,
    .forked = forked,
    .mode = user_takes_references,
    .carry = carry,
    .carry_pieces = carry_pieces,
    .take = take,
    .let_go = let_go,
    .store = store,
    .load = load,
    .most = most,
};
