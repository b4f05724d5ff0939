// SPDX-License-Identifier: GPL-2.0
// Memory of a simulated vDPA device (drivers/vhost/vdpa.c): what is entered into its IOTLB is pinned
// long-term until it is invalidated or the file is closed, if the device uses physical addresses
// (vdpa_sim.use_va=0).
#include "vdpa.h"

#include <errno.h>
#include <linux/vhost.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "buffers.h"
#include "ktap.h"
#include "pins.h"
#include "proc.h"
#include "vfio.h"

enum { pages = 16 };

// `pinned` pages are taken, and all of them held.
static bool enter(int fd, struct pins* before, uint64_t iova, const void* addr, size_t length,
                  uint8_t access) {
  int error = vdpa_map(fd, iova, addr, length, access);
  if (error) return ktap_fail("VHOST_IOTLB_UPDATE: %s", strerror(error));
  return pins_expect_longterm(before, (long long)(length / page_bytes()));
}

static void leave(int fd, struct pins* before, uint64_t iova, size_t length, size_t held) {
  int error = vdpa_unmap(fd, iova, length);
  if (error) ktap_fail("VHOST_IOTLB_INVALIDATE: %s", strerror(error));
  pins_expect(before, 0, (long long)(held / page_bytes()));
}

static void enter_and_leave(const void* arg) {
  const enum buffer_kind* kind = arg;
  struct buffer buffer;
  struct pins before;
  int fd = vdpa_open();
  const size_t size = *kind == BUFFER_THP       ? thp_bytes()
                      : *kind == BUFFER_HUGETLB ? hugetlb_bytes()
                                                : pages * page_bytes();
  if (fd >= 0 && buffer_get(&buffer, *kind, size)) {
    long start = proc_status_kib("VmPin");
    if (pins_begin(&before) && enter(fd, &before, VFIO_IOVA, buffer.addr, buffer.size, VHOST_ACCESS_RW)) {
      long now = proc_status_kib("VmPin");
      if (now - start != (long)(buffer.size / 1024)) ktap_fail("VmPin went from %ld to %ld kB", start, now);
      leave(fd, &before, VFIO_IOVA, buffer.size, buffer.size);
      if (proc_status_kib("VmPin") != start) ktap_fail("VmPin does not return to %ld kB", start);
    }
    if (*kind == BUFFER_MEMFD) buffer_seal(&buffer);
    buffer_put(&buffer);
  }
  vdpa_close(fd);
}

// The same pages twice; the file closes with one of the mappings in place.
static void twice_and_close(const void* arg) {
  (void)arg;
  struct buffer buffer;
  struct pins before;
  int fd = vdpa_open();
  if (fd >= 0 && buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes())) {
    const uint64_t second = VFIO_IOVA + buffer.size;
    if (pins_begin(&before) && enter(fd, &before, VFIO_IOVA, buffer.addr, buffer.size, VHOST_ACCESS_RW) &&
        enter(fd, &before, second, buffer.addr, buffer.size, VHOST_ACCESS_RO)) {
      leave(fd, &before, VFIO_IOVA, buffer.size, buffer.size);
      if (!vdpa_map(fd, second, buffer.addr, buffer.size, VHOST_ACCESS_RW))
        ktap_fail("an address in use was mapped again");
      pins_expect(&before, 0, 0);
      close(fd);
      fd = -1;
      pins_expect(&before, 0, pages);
    }
    buffer_put(&buffer);
  }
  vdpa_close(fd);
}

// Half of the memory is unmapped, read-only, or exceeds the limit of locked memory.
static void refused(const void* arg) {
  const char* why = arg;
  struct rlimit old, low;
  struct buffer buffer;
  struct pins before;
  int fd = vdpa_open();
  if (fd >= 0 && buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes()) &&
      getrlimit(RLIMIT_MEMLOCK, &old) == 0) {
    long start = proc_status_kib("VmPin");
    low = (struct rlimit){buffer.size / 2, old.rlim_max};
    if (*why == 'h') munmap(buffer.addr + buffer.size / 2, buffer.size / 2);
    if (*why == 'r') mprotect(buffer.addr, buffer.size, PROT_READ);
    if (*why == 'l') setrlimit(RLIMIT_MEMLOCK, &low);
    if (pins_begin(&before)) {
      // Whatever the reason, vhost_chr_write_iter() answers EFAULT.
      int error = vdpa_map(fd, VFIO_IOVA, buffer.addr, buffer.size, VHOST_ACCESS_RW);
      if (error != EFAULT) ktap_fail("the update gave %s, want EFAULT", strerror(error));
      long long taken = *why == 'h' ? pages / 2 : 0;
      pins_expect(&before, taken, taken);
      if (proc_status_kib("VmPin") != start) ktap_fail("VmPin does not return to %ld kB", start);
    }
    setrlimit(RLIMIT_MEMLOCK, &old);
    buffer_put(&buffer);
  }
  vdpa_close(fd);
}

int main(void) {
  static const enum buffer_kind page = BUFFER_PAGES, memfd = BUFFER_MEMFD, thp = BUFFER_THP,
                                hugetlb = BUFFER_HUGETLB;
  static const struct ktap_case cases[] = {
      {"pages", enter_and_leave, &page},
      {"memfd", enter_and_leave, &memfd},
      {"thp", enter_and_leave, &thp},
      {"hugetlb", enter_and_leave, &hugetlb},
      {"twice_and_close", twice_and_close, NULL},
      {"half_unmapped_refused", refused, "half"},
      {"read_only_refused", refused, "read"},
      {"limit_is_kept", refused, "limit"},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
