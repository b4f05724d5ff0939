// SPDX-License-Identifier: GPL-2.0
// A dma-buf of a memfd of huge pages that was never mapped: no page is reserved for it in the pool, and none
// is in the file. The pool's account is right afterwards, whether the kernel takes a page for it or refuses.
#include <errno.h>
#include <fcntl.h>
#include <linux/udmabuf.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ktap.h"
#include "pins.h"

struct pool {
  long long total, free, reserved;  // huge pages of the default size
};

static bool read_pool(struct pool* pool) {
  FILE* file = fopen("/proc/meminfo", "re");
  char line[120];
  *pool = (struct pool){-1, -1, -1};
  if (!file) return ktap_fail("/proc/meminfo: %s", strerror(errno));
  while (fgets(line, sizeof(line), file)) {
    sscanf(line, "HugePages_Total: %lld", &pool->total);
    sscanf(line, "HugePages_Free: %lld", &pool->free);
    sscanf(line, "HugePages_Rsvd: %lld", &pool->reserved);
  }
  fclose(file);
  return pool->reserved >= 0 || ktap_skip("no huge pages in this kernel (HUGETLBFS)");
}

enum { step = 16, most_added = 256 };

static bool set_pool(long long pages) {
  char text[24];
  const int fd = open("/proc/sys/vm/nr_hugepages", O_WRONLY | O_CLOEXEC);
  const int length = snprintf(text, sizeof(text), "%lld\n", pages);
  const bool good = fd >= 0 && write(fd, text, (size_t)length) == length;
  if (fd >= 0) close(fd);
  return good || ktap_fail("nr_hugepages: %s", strerror(errno));
}

// The kernel takes no page out of ZONE_MOVABLE: the pool grows until it has one elsewhere.
static int create(int driver, struct udmabuf_create* request, const struct pool* before) {
  for (long long added = 0;; added += step) {
    const int dmabuf = ioctl(driver, UDMABUF_CREATE, request);
    if (dmabuf >= 0 || errno != ENOMEM || added == most_added) return dmabuf;
    if (!set_pool(before->total + added + step)) return -1;
  }
}

static void never_mapped(const void* arg) {
  (void)arg;
  struct pool before, after;
  struct pins pins;
  const int driver = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
  const int fd = memfd_create("unmapped", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB);
  if (driver < 0) ktap_skip("/dev/udmabuf: %s (UDMABUF)", strerror(errno));
  if (fd < 0) ktap_skip("memfd_create: %s (HUGETLBFS)", strerror(errno));
  if (driver >= 0 && fd >= 0 && read_pool(&before) && pins_begin(&pins)) {
    struct udmabuf_create request = {.memfd = (unsigned)fd, .flags = UDMABUF_FLAGS_CLOEXEC, .size = 2 << 20};
    if (ftruncate(fd, 2 << 20) < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) < 0)
      ktap_fail("a memfd of 2 MiB: %s", strerror(errno));
    const int dmabuf = create(driver, &request, &before);
    ktap_note("UDMABUF_CREATE: %s", dmabuf < 0 ? strerror(errno) : "done");
    if (dmabuf < 0 && errno == EBADFD) ktap_skip("udmabuf takes no huge pages (since 5.14)");
    if (dmabuf >= 0) close(dmabuf);
    close(fd);
    set_pool(before.total);
    pins_expect_at_least(&pins, 0, 0);
    if (read_pool(&after) &&
        (after.total != before.total || after.free != before.free || after.reserved != before.reserved))
      ktap_fail("the pool had %lld pages, %lld free, %lld reserved, and has %lld, %lld, %lld", before.total,
                before.free, before.reserved, after.total, after.free, after.reserved);
  } else if (fd >= 0) {
    close(fd);
  }
  if (driver >= 0) close(driver);
}

int main(void) {
  static const struct ktap_case cases[] = {{"never_mapped", never_mapped, NULL}};
  return ktap_run(cases, 1);
}
