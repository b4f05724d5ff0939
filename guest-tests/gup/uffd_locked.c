// SPDX-License-Identifier: GPL-2.0
// Missing pages (userfaultfd), and callers that must keep the mmap lock: they fail at once, and the handler
// is not asked for the page. Waiting with the lock held would block every mmap() of the process (mm/gup.c,
// faultin_page()). A kernel with DEBUG_VM logs "FAULT_FLAG_ALLOW_RETRY missing" (fs/userfaultfd.c,
// handle_userfault()), which is not a finding.
#include <errno.h>
#include <fcntl.h>
#include <linux/if_xdp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "buffers.h"
#include "caps.h"
#include "clock.h"
#include "ktap.h"
#include "pins.h"
#include "uffd.h"
#include "uring.h"

enum { delay_ms = 300, seed = 50, pages = 2 };

// Registered buffers wait on kernels that let them (FOLL_UNLOCKABLE by pin_user_pages_unlocked() or _fast()).
static void io_uring(const void* arg) {
  (void)arg;
  struct uffd uffd;
  struct pins before;
  int ring = uring_open();
  if (ring < 0) return;
  if (uffd_open(&uffd, pages, seed, delay_ms) && pins_begin(&before)) {
    long long start = clock_ms();
    int error = uring_register(ring, uffd.area, pages * page_bytes());
    const bool waits = error == 0;
    if (error && error != -EFAULT) ktap_fail("registering: %s", strerror(-error));
    caps_found("lt.unlock", waits ? "yes" : "no");
    if (waits && uffd_waited(&uffd, start, pages)) pins_expect_longterm(&before, pages);
    if (error == 0) uring_unregister(ring);
    uffd_judge(&uffd, waits ? pages : 0);
    if (waits && pattern_check(uffd.area, pages * page_bytes(), seed, 0) >= 0) ktap_fail("wrong data");
  }
  uffd_close(&uffd);
  close(ring);
}

// Looks at memory with the lock held for good: no waiting.
static void proc_mem(const void* arg) {
  (void)arg;
  struct uffd uffd;
  unsigned char byte;
  struct pins before;
  int fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
  if (uffd_open(&uffd, pages, seed, delay_ms) && pins_begin(&before)) {
    ssize_t done = pread(fd, &byte, 1, (off_t)(unsigned long)uffd.area);
    if (done >= 0 || errno != EIO) ktap_fail("%zd (%s), want EIO", done, strerror(errno));
    pins_expect(&before, 0, 0);
    uffd_judge(&uffd, 0);
  }
  uffd_close(&uffd);
  close(fd);
}

static void af_xdp(const void* arg) {
  (void)arg;
  struct uffd uffd;
  struct pins before;
  int fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    ktap_skip("AF_XDP: %s (XDP_SOCKETS)", strerror(errno));
    return;
  }
  if (uffd_open(&uffd, pages, seed, delay_ms) && pins_begin(&before)) {
    struct xdp_umem_reg area = {
        .addr = (unsigned long)uffd.area, .len = pages * page_bytes(), .chunk_size = 2048};
    int failed = setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &area, sizeof(area));
    if (!failed || errno != EFAULT)
      ktap_fail("XDP_UMEM_REG: %s, want EFAULT", failed ? strerror(errno) : "success");
    pins_expect_at_least(&before, 0, 0);
    uffd_judge(&uffd, 0);
  }
  uffd_close(&uffd);
  close(fd);
}

int main(void) {
  static const struct ktap_case cases[] = {
      {"io_uring_register", io_uring, NULL},
      {"proc_mem_at_once", proc_mem, NULL},
      {"af_xdp_at_once", af_xdp, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
