// SPDX-License-Identifier: GPL-2.0
// Missing pages (userfaultfd): callers that pass FOLL_UNLOCKABLE wait without the mmap lock and then continue
// with the right page (mm/gup.c, faultin_page() and __get_user_pages_locked()).
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "buffers.h"
#include "caps.h"
#include "clock.h"
#include "devices.h"
#include "ktap.h"
#include "pins.h"
#include "proc.h"
#include "uffd.h"

enum { delay_ms = 300, seed = 50, disk_seed = 51, pages = 2 };

// O_DIRECT into missing pages, and out of them.
static void direct(bool write_out) {
  struct uffd uffd;
  struct buffer plain;
  struct pins before;
  enum pin_mode mode = caps_dio_bdev();
  if (mode == MODE_UNKNOWN) return;
  int fd = device_open(DRIVE_RAW, 1, O_RDWR | O_DIRECT);
  if (fd < 0 || !buffer_get(&plain, BUFFER_PAGES, pages * page_bytes())) return;
  long long pinned = mode == MODE_PIN ? pages : 0;
  pattern_fill(plain.addr, plain.size, disk_seed, 0);
  if (pwrite(fd, plain.addr, plain.size, 0) != (ssize_t)plain.size)
    ktap_fail("preparing: %s", strerror(errno));
  pins_claim_exact(pinned);
  if (!uffd_open(&uffd, pages, seed, delay_ms)) {
  } else if (pins_begin(&before)) {
    long long start = clock_ms();
    ssize_t done = write_out ? pwrite(fd, uffd.area, plain.size, 0) : pread(fd, uffd.area, plain.size, 0);
    if (done != (ssize_t)plain.size) ktap_fail("%zd bytes: %s", done, strerror(errno));
    uffd_waited(&uffd, start, pages);
    // Kept: a page may be taken and put back while its neighbour is waited for.
    pins_expect_at_least(&before, pinned, 0);
    uffd_judge(&uffd, pages);
    pins_claim_exact(write_out ? pinned : 0);
    if (write_out && pread(fd, plain.addr, plain.size, 0) != (ssize_t)plain.size)
      ktap_fail("pread: %s", strerror(errno));
    // Without its handler, a page that did not come during the transfer would be waited for in vain.
    if (done == (ssize_t)plain.size &&
        pattern_check(write_out ? plain.addr : uffd.area, plain.size, write_out ? seed : disk_seed, 0) >= 0)
      ktap_fail("wrong data");
  }
  uffd_close(&uffd);
  buffer_put(&plain);
  close(fd);
}
static void direct_read(const void* arg) { (void)arg, direct(false); }
static void direct_write(const void* arg) { (void)arg, direct(true); }

static void process_vm(const void* arg) {
  (void)arg;
  struct uffd uffd;
  struct buffer plain;
  struct pins before;
  if (!buffer_get(&plain, BUFFER_PAGES, pages * page_bytes())) return;
  if (uffd_open(&uffd, pages, seed, delay_ms) && pins_begin(&before)) {
    long long start = clock_ms();
    ssize_t done = proc_vm_read(plain.addr, uffd.area, plain.size);
    if (done != (ssize_t)plain.size) ktap_fail("%zd bytes: %s", done, strerror(errno));
    uffd_waited(&uffd, start, pages);
    pins_expect(&before, pages, pages);
    uffd_judge(&uffd, pages);
    if (pattern_check(plain.addr, plain.size, seed, 0) >= 0) ktap_fail("wrong data");
  }
  uffd_close(&uffd);
  buffer_put(&plain);
}

static void vmsplice_pages(const void* arg) {
  (void)arg;
  struct uffd uffd;
  struct buffer plain;
  struct pins before;
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) < 0 || !buffer_get(&plain, BUFFER_PAGES, pages * page_bytes())) return;
  if (uffd_open(&uffd, pages, seed, delay_ms) && pins_begin(&before)) {
    struct iovec vec = {uffd.area, plain.size};
    long long start = clock_ms();
    ssize_t done = vmsplice(fds[1], &vec, 1, 0);
    if (done != (ssize_t)plain.size) ktap_fail("%zd bytes: %s", done, strerror(errno));
    uffd_waited(&uffd, start, pages);
    pins_expect(&before, 0, 0);
    uffd_judge(&uffd, pages);
    if (done > 0 &&
        (read(fds[0], plain.addr, plain.size) != done || pattern_check(plain.addr, plain.size, seed, 0) >= 0))
      ktap_fail("wrong data");
  }
  uffd_close(&uffd);
  buffer_put(&plain);
  close(fds[0]);
  close(fds[1]);
}

int main(void) {
  static const struct ktap_case cases[] = {
      {"direct_read", direct_read, NULL},
      {"direct_write", direct_write, NULL},
      {"process_vm", process_vm, NULL},
      {"vmsplice", vmsplice_pages, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
