// SPDX-License-Identifier: GPL-2.0
// memfd_secret(): its pages are not in the kernel's direct map, so nothing may pin them (mm/gup.c,
// check_vma_flags(), gup_fast_folio_allowed()): no direct I/O, no other process, no long-term pin of a
// device.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "caps.h"
#include "devices.h"
#include "mr.h"
#include "proc.h"
#include "uring.h"

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

static unsigned char* secret(void) {
  int fd = (int)syscall(SYS_memfd_secret, 0);
  if (fd < 0) {
    ktap_skip("memfd_secret: %s (SECRETMEM, secretmem.enable=1)", strerror(errno));
    return NULL;
  }
  unsigned char* area = NULL;
  if (ftruncate(fd, (off_t)page_bytes()) == 0) {
    area = mmap(NULL, page_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (area == MAP_FAILED) area = NULL;
  }
  close(fd);
  if (!area)
    ktap_fail("mapping secret memory: %s", strerror(errno));
  else
    memset(area, 0x3c, page_bytes());
  return area;
}

static void finish(unsigned char* area, long result, int error, struct pins* before) {
  ktap_note("%ld, %s", result, result < 0 ? strerror(error) : "no error");
  if (result >= 0 || error != EFAULT) ktap_fail("want EFAULT, got %ld (%s)", result, strerror(error));
  // GUP-fast takes the page before it sees what it is, and releases it.
  pins_expect_at_least(before, 0, 0);
  for (size_t i = 0; i < page_bytes(); ++i) {
    if (area[i] == 0x3c) continue;
    ktap_fail("the secret changed");
    break;
  }
  munmap(area, page_bytes());
}

static void direct_read(const void* arg) {
  (void)arg;
  struct pins before;
  unsigned char* area = secret();
  if (!area) return;
  int fd = device_open(DRIVE_RAW, 1, O_RDONLY | O_DIRECT);
  if (fd < 0 || !pins_begin(&before)) return;
  long got = pread(fd, area, page_bytes(), 0);
  finish(area, got, errno, &before);
  close(fd);
}

static void process_vm(const void* arg) {
  (void)arg;
  struct buffer local;
  struct pins before;
  unsigned char* area = secret();
  if (!area || !buffer_get(&local, BUFFER_PAGES, page_bytes()) || !pins_begin(&before)) return;
  long got = proc_vm_read(local.addr, area, page_bytes());
  finish(area, got, errno, &before);
  buffer_put(&local);
}

static void registered_buffer(const void* arg) {
  (void)arg;
  struct pins before;
  unsigned char* area = secret();
  if (!area) return;
  int ring = uring_open();
  if (ring < 0 || !pins_begin(&before)) return;
  int error = uring_register(ring, area, page_bytes());
  finish(area, error ? -1 : 0, -error, &before);
  close(ring);
}

static void region(const void* arg) {
  (void)arg;
  struct link link;
  struct pins before;
  unsigned char* area = secret();
  if (!area) return;
  if (link_open(&link) && pins_begin(&before)) {
    struct ibv_mr* mr = ibv_reg_mr(link.domain, area, page_bytes(), IBV_ACCESS_LOCAL_WRITE);
    int error = errno;
    if (mr) ibv_dereg_mr(mr);
    finish(area, mr ? 0 : -1, error, &before);
  }
  link_close(&link);
}

int main(void) {
  static const struct ktap_case cases[] = {
      {"direct_read", direct_read, NULL},
      {"process_vm", process_vm, NULL},
      {"registered_buffer", registered_buffer, NULL},
      {"memory_region", region, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
