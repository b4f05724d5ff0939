// SPDX-License-Identifier: GPL-2.0
// Pages in a device's memory that the CPU can address (device-coherent, of the kernel's test driver of
// heterogeneous memory): a long-term pin brings them back to the system's memory first, a short one takes
// them where they are (mm/gup.c migrate_longterm_unpinnable_folios()).
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffers.h"
#include "contract/gup_user.h"
#include "gupdrv.h"
#include "ktap.h"
#include "pagemap.h"
#include "pins.h"

// lib/test_hmm_uapi.h
struct mirror {
  uint64_t addr, data, pages, copied, faults;
};
#define MIGRATE_TO_DEVICE _IOWR('H', 2, struct mirror)

enum { pages = 16, seed = 123, most = pages * 65536 };
static const unsigned long device_bytes = 256ul << 20;  // DEVMEM_CHUNK_SIZE
static unsigned char copy[most];

// Where the memory of /dev/hmm_dmirror2 is (dmirror_allocate_chunk()); 0: it has none.
static unsigned long device_memory(void) {
  unsigned long start = 0;
  FILE* file = fopen("/sys/module/test_hmm/parameters/spm_addr_dev1", "re");
  if (file && fscanf(file, "%lu", &start) != 1) start = 0;
  if (file) fclose(file);
  return start;
}

static size_t pages_there(const unsigned char* addr, size_t length) {
  const unsigned long start = device_memory() / page_bytes(), end = start + device_bytes / page_bytes();
  size_t count = 0;
  for (size_t at = 0; at < length; at += page_bytes()) {
    const uint64_t frame = pagemap_pfn(addr + at);
    count += frame >= start && frame < end;
  }
  return count;
}

// Written pages that have moved to the device.
static bool at_device(struct buffer* buffer, int* device) {
  *buffer = (struct buffer){.fd = -1};
  *device = device_memory() ? open("/dev/hmm_dmirror2", O_RDWR | O_CLOEXEC) : -1;
  if (*device < 0) return ktap_skip("no device-coherent memory (test_hmm.spm_addr_dev1=)");
  if (!buffer_get(buffer, BUFFER_PAGES, pages * page_bytes())) return false;
  pattern_fill(buffer->addr, buffer->size, seed, 0);
  struct mirror request = {(uintptr_t)buffer->addr, (uintptr_t)copy, pages, 0, 0};
  if (ioctl(*device, MIGRATE_TO_DEVICE, &request) < 0)
    return ktap_fail("moving pages to the device: %s", strerror(errno));
  const size_t there = pages_there(buffer->addr, buffer->size);
  return there == pages || ktap_fail("%zu of %d pages moved to the device", there, pages);
}

static void done(struct buffer* buffer, int device) {
  if (buffer->addr && pattern_check(buffer->addr, buffer->size, seed, 0) >= 0) ktap_fail("data lost");
  buffer_put(buffer);
  if (device >= 0) close(device);
}

struct way_to_take {
  int (*take)(enum way way, void* addr, size_t length);
  enum way way;
};

static void longterm(const void* arg) {
  const struct way_to_take* row = arg;
  struct buffer buffer;
  struct pins before;
  int device;
  if (at_device(&buffer, &device) && gup_user_open() && pins_begin(&before)) {
    const int error = row->take(row->way, buffer.addr, buffer.size);
    if (error) ktap_fail("pinning: %s", strerror(-error));
    const size_t there = pages_there(buffer.addr, buffer.size);
    if (there) ktap_fail("%zu of %d pages are pinned in the device's memory", there, pages);
    // Those at the device are pinned first, and again when they have come back.
    pins_expect_at_least(&before, error ? 0 : pages, error ? 0 : pages);
    if (gup_user_let_go() < 0) ktap_fail("unpinning");
    if (row->way == WAY_OUT &&
        (!gup_user_load(copy, buffer.size) || pattern_check(copy, buffer.size, seed, 0) >= 0))
      ktap_fail("what is pinned has other data");
    pins_expect_at_least(&before, 0, error ? 0 : -pages);
  }
  gup_user_close();
  done(&buffer, device);
}

// Pinned and unpinned at once.
static void short_term(const void* arg) {
  const unsigned long* command = arg;
  struct buffer buffer;
  struct pins before;
  int device;
  const int driver = gupdrv_open();
  if (at_device(&buffer, &device) && driver >= 0 && pins_begin(&before)) {
    struct gup_request request = {.pages_per_call = pages, .flags = GUP_WRITE};
    if (gupdrv_run(driver, *command, buffer.addr, buffer.size, &request) && request.size != buffer.size)
      ktap_fail("%llu of %zu bytes", (unsigned long long)request.size, buffer.size);
    pins_expect(&before, pages, pages);
    const size_t there = pages_there(buffer.addr, buffer.size);
    if (there != pages) ktap_fail("%zu of %d pages are still at the device", there, pages);
  }
  if (driver >= 0) close(driver);
  done(&buffer, device);
}

int main(void) {
  static const struct way_to_take slow = {gup_user_take_slow, WAY_IN}, fast = {gup_user_take_fast, WAY_IN},
                                  slow_read = {gup_user_take_slow, WAY_OUT},
                                  fast_read = {gup_user_take_fast, WAY_OUT};
  static const unsigned long basic = PIN_BASIC, quick = PIN_FAST;
  static const struct ktap_case cases[] = {
      {"longterm", longterm, &slow},           {"longterm_fast", longterm, &fast},
      {"longterm_read", longterm, &slow_read}, {"longterm_read_fast", longterm, &fast_read},
      {"short_term", short_term, &basic},      {"short_term_fast", short_term, &quick},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
