// SPDX-License-Identifier: GPL-2.0
// VHOST_IOTLB_UPDATE while allocations fail (drivers/vhost/vdpa.c, vhost_vdpa_pa_map()): nothing stays
// pinned, although the parts of the mapping that were entered before must be removed again.
#include <linux/vhost.h>

#include "map_fault.h"
#include "pagemap.h"
#include "vdpa.h"
#include "vfio.h"

static int map(void* device, const void* addr, size_t length) {
  return vdpa_map(*(int*)device, VFIO_IOVA, addr, length, VHOST_ACCESS_RW);
}

static int unmap(void* device, size_t length) { return vdpa_unmap(*(int*)device, VFIO_IOVA, length); }

static void each_allocation(const void* arg) {
  (void)arg;
  int fd = vdpa_open();
  struct map_fault fault = {.map = map, .unmap = unmap, .device = &fd};
  if (fd >= 0) map_fault_run(&fault);
  vdpa_close(fd);
}

struct parts {
  int fd;
  const unsigned char* addr;
  size_t length;
  int refused;
};

static bool attempt(void* context, int nth) {
  struct parts* p = context;
  if (!fault_nth_arm(nth)) return false;
  const int error = vdpa_map(p->fd, VFIO_IOVA, p->addr, p->length, VHOST_ACCESS_RW);
  const bool injected = fault_nth_disarm();
  if (error && error != ENOMEM && error != EFAULT && error != EINVAL)
    ktap_fail("with allocation %d failing: %s", nth, strerror(error));
  p->refused += error != 0;
  const int left = vdpa_unmap(p->fd, VFIO_IOVA, p->length);
  if (left && !error) ktap_fail("VHOST_IOTLB_INVALIDATE: %s", strerror(left));
  return injected;
}

// The first of two parts cannot be entered: its pages and those behind it are released, each once. The
// allocations up to there are those of memory that is one part. (6.12 leaks what a failure of the second part
// leaves.)
static void first_part(struct parts* one, struct parts* two) {
  struct pins before;
  if (!pins_begin(&before)) return;
  const int faults = fault_each(attempt, one, MAP_FAULT_LIMIT);
  pins_expect_at_least(&before, 1, 0);
  for (int nth = 1; nth <= faults; ++nth) {
    if (!attempt(two, nth)) ktap_fail("fault %d of %d did not happen", nth, faults);
    pins_expect_at_least(&before, 0, 0);
  }
  ktap_note("%d faults, refused %d and %d times", faults, one->refused, two->refused);
  if (two->refused == 0) ktap_fail("no fault gave an error: nothing was tested");
}

static void first_part_fails(const void* arg) {
  struct buffer buffer;
  const size_t page = page_bytes();
  const int fd = vdpa_open();
  (void)arg;
  if (fd >= 0 && fault_nth_ready() && buffer_get(&buffer, BUFFER_MEMFD, 2 * page)) {
    // Frames that follow each other are one part.
    const bool swapped = pagemap_pfn(buffer.addr + page) == pagemap_pfn(buffer.addr) + 1;
    for (size_t i = 0; i < 2; ++i)
      if (mmap(buffer.addr + i * page, page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED | MAP_POPULATE,
               buffer.fd, (off_t)((i ^ swapped) * page)) == MAP_FAILED)
        ktap_fail("mmap: %s", strerror(errno));
    struct parts one = {fd, buffer.addr, page, 0}, two = {fd, buffer.addr, 2 * page, 0};
    first_part(&one, &two);
    buffer_seal(&buffer);
    buffer_put(&buffer);
  }
  vdpa_close(fd);
}

int main(void) {
  static const struct ktap_case cases[] = {
      {"first_part_fails", first_part_fails, NULL},
      {"each_allocation_fails", each_allocation, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
