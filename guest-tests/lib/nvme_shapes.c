// SPDX-License-Identifier: GPL-2.0
#include "nvme_shapes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffers.h"
#include "devices.h"
#include "ktap.h"
#include "pins.h"
#include "transfer.h"

enum { untouched = 0x5a, max_cases = 64 };

static int open_drive(int flags) { return device_open(DRIVE_RAW, 1, flags); }
const struct target nvme_target = {
    .open = open_drive, .mode = caps_dio_passthru, .drop_cache = device_drop_cache, .offset = 128 << 20};

// `pages` and `bytes` long (a multiple of 512), `offset_pages` and `offset` into the buffer.
struct flat {
  const char* name;
  enum buffer_kind kind;
  int pages, bytes, offset_pages, offset;
  bool bounced;  // the memory is not aligned as the drive requires: the kernel copies and pins nothing
};

static const struct flat flats[] = {
    {"1_page", BUFFER_PAGES, .pages = 1},
    {"16_pages", BUFFER_PAGES, .pages = 16},
    {"16_pages_at_512", BUFFER_PAGES, .pages = 16, .offset = 512},
    // NVMe requires memory aligned to 4 bytes.
    {"16_pages_at_4", BUFFER_PAGES, .pages = 16, .offset = 4},
    {"1_page_at_2_bounced", BUFFER_PAGES, .pages = 1, .offset = 2, .bounced = true},
    {"16_pages_at_2_bounced", BUFFER_PAGES, .pages = 16, .offset = 2, .bounced = true},
    {"sector_at_512", BUFFER_PAGES, .bytes = 512, .offset = 512},
    {"tail_unaligned", BUFFER_PAGES, .pages = 15, .bytes = 512},
    {"memfd_16_pages", BUFFER_MEMFD, .pages = 16},
    {"memfd_16_pages_at_512", BUFFER_MEMFD, .pages = 16, .offset = 512},
    {"memfd_16_pages_at_2_bounced", BUFFER_MEMFD, .pages = 16, .offset = 2, .bounced = true},
    {"thp_16_pages_at_3_pages", BUFFER_THP, .pages = 16, .offset_pages = 3},
    {"hugetlb_3_pages_at_2048", BUFFER_HUGETLB, .pages = 3, .offset = 2048},
    {"hugetlb_32_pages", BUFFER_HUGETLB, .pages = 32},
};

static const struct nvme_way* way;

long long nvme_counted(long long pages) {
  enum pin_mode mode = caps_dio_passthru();
  return mode == MODE_PIN ? pages : mode == MODE_UNKNOWN ? -1 : 0;
}

// Pages of a shape: fewer where the page is so large that the drive would not take all at once.
static size_t pages_of(const struct flat* flat) {
  char path[300];
  size_t pages = (size_t)flat->pages;
  long kib =
      device_find(DRIVE_RAW, 1, path, sizeof(path)) ? device_queue_attribute(path, "max_hw_sectors_kb") : -1;
  while (kib > 0 && pages * page_bytes() > (size_t)kib * 1024) pages /= 2;
  if (pages != (size_t)flat->pages) ktap_note("the drive accepts %ld KiB per command: %zu pages", kib, pages);
  return pages;
}

static void check_data(const struct buffer* buffer, size_t start, size_t length, unsigned seed) {
  for (size_t i = 0; i < buffer->size; ++i) {
    unsigned char want = i < start || i >= start + length ? untouched : pattern_byte(seed, i - start);
    KTAP_REQUIRE(buffer->addr[i] == want, "byte %zu of the buffer is %02x, not %02x", i, buffer->addr[i],
                 want);
  }
}

// False: the drive has no such way in.
static bool measure(const struct flat* flat, struct nvme_io* io) {
  struct nvme nvme;
  struct pins before;
  if (!way->open(&nvme)) return false;
  if (pins_begin(&before)) {
    int status = way->submit(&nvme, io);
    if (status != 0)
      ktap_fail("the command gave %d (%s)", status, status < 0 ? strerror(-status) : "NVMe status");
    long long pages = flat->bounced ? 0 : nvme_counted((long long)pages_spanned(io->addr, io->length));
    pins_expect(&before, pages, pages);
  }
  nvme_close(&nvme);
  return true;
}

static void carry_out(const struct flat* flat, bool write) {
  static unsigned seed = 300;
  struct buffer buffer;
  size_t page = page_bytes();
  size_t start = (size_t)flat->offset_pages * page + (size_t)flat->offset;
  size_t length = pages_of(flat) * page + (size_t)flat->bytes;
  long huge_before = hugetlb_free();
  if (nvme_counted(0) < 0 || !buffer_get(&buffer, flat->kind, start + length)) return;
  struct nvme_io io = {
      .write = write, .addr = buffer.addr + start, .length = length, .offset = nvme_target.offset};
  ++seed;
  if (write) pattern_fill(io.addr, length, seed, 0);
  const bool done = (write || transfer_store(&nvme_target, length, seed)) && measure(flat, &io);
  if (done && !ktap_failed()) {
    if (write)
      transfer_compare(&nvme_target, length, seed);
    else
      check_data(&buffer, start, length, seed);
  }
  if (flat->kind == BUFFER_MEMFD) buffer_seal(&buffer);
  buffer_put(&buffer);
  if (flat->kind == BUFFER_HUGETLB) hugetlb_expect_free(huge_before);
}

static void read_flat(const void* flat) { carry_out(flat, false); }
static void write_flat(const void* flat) { carry_out(flat, true); }

// What must not work: the answer (`want` as strings tell, or any NVMe status when 0), and the pages pinned on
// the way.
static void refused(struct nvme_io* io, struct buffer* buffer, int want, long long pages) {
  struct nvme nvme;
  struct pins before;
  if (!way->open(&nvme)) return;
  if (io->length == 0) io->length = buffer->size;
  io->addr = buffer->addr;
  if (pins_begin(&before)) {
    int status = way->submit(&nvme, io);
    if (want != 0 && status != want)
      ktap_fail("the command gave %d, want %d (%s)", status, want, strerror(-want));
    if (want == 0 && status <= 0) ktap_fail("the command gave %d, want an NVMe status", status);
    pins_expect(&before, pages, pages);
  }
  nvme_close(&nvme);
}

static void wrong_nsid(const void* arg) {
  struct buffer buffer;
  struct nvme_io io = {.nsid = 77};
  (void)arg;
  if (nvme_counted(0) < 0 || !buffer_get(&buffer, BUFFER_MEMFD, page_bytes())) return;
  // Since 5.13, when drives got generic devices, the driver looks at the number; before, the drive refuses.
  refused(&io, &buffer, access("/dev/ng0n1", F_OK) == 0 ? -EINVAL : 0, 0);
  buffer_seal(&buffer);
  buffer_put(&buffer);
}

// The drive itself refuses: after everything was mapped.
static void lba_out_of_range(const void* arg) {
  struct buffer buffer;
  struct nvme_io io = {.offset = (off_t)1 << 40};
  (void)arg;
  if (nvme_counted(0) < 0 || !buffer_get(&buffer, BUFFER_MEMFD, 16 * page_bytes())) return;
  refused(&io, &buffer, 0, nvme_counted(16));
  buffer_seal(&buffer);
  buffer_put(&buffer);
}

// A read needs memory that may be written.
static void read_only_memory(const void* arg) {
  struct buffer buffer;
  struct nvme_io io = {0};
  (void)arg;
  if (nvme_counted(0) < 0 || !buffer_get(&buffer, BUFFER_PAGES, 16 * page_bytes())) return;
  mprotect(buffer.addr, buffer.size, PROT_READ);
  refused(&io, &buffer, -EFAULT, 0);
  buffer_put(&buffer);
}

// The first half is pinned before the hole is met, and released.
static void half_unmapped(const void* arg) {
  struct buffer buffer;
  struct nvme_io io = {0};
  (void)arg;
  if (nvme_counted(0) < 0 || !buffer_get(&buffer, BUFFER_MEMFD, 16 * page_bytes())) return;
  mprotect(buffer.addr + 8 * page_bytes(), 8 * page_bytes(), PROT_NONE);
  refused(&io, &buffer, -EFAULT, nvme_counted(8));
  buffer_seal(&buffer);
  buffer_put(&buffer);
}

// More than the drive takes: what does not fit is released, and then the request, which cannot have a second
// piece (block/blk-map.c bio_map_user_iov()). An odd number of pages is left over. On 7.3 all of it is pinned
// before it is found to be too long, and a ring has a worker try again (bio_split_io_at(): EAGAIN for
// REQ_NOWAIT).
static void too_long(const void* arg) {
  struct buffer buffer;
  struct nvme nvme;
  struct pins before;
  char path[300];
  const long kib =
      device_find(DRIVE_RAW, 1, path, sizeof(path)) ? device_queue_attribute(path, "max_hw_sectors_kb") : -1;
  (void)arg;
  if (nvme_counted(0) < 0) return;
  const size_t most = kib > 0 ? (size_t)kib * 1024 / page_bytes() : 0, more = 3;
  // The kernel maps at most 256 pages at a time.
  if (most == 0 || most + more > 256) {
    ktap_skip("the drive takes %ld KiB", kib);
    return;
  }
  const size_t length = (most + more) * page_bytes();
  if (!way->open(&nvme)) return;
  if (buffer_get(&buffer, BUFFER_PAGES, length) && pins_begin(&before)) {
    const struct nvme_io io = {.addr = buffer.addr, .length = length, .offset = nvme_target.offset};
    const int status = way->submit(&nvme, &io);
    if (status != -EINVAL) ktap_fail("a command of %zu bytes gave %d, want EINVAL", length, status);
    const long long all = nvme_counted((long long)(most + more));
    pins_expect_either(&before, nvme_counted((long long)(most + 2 * more)), way->by_ring ? 2 * all : all);
  }
  buffer_put(&buffer);
  nvme_close(&nvme);
}

int nvme_shapes_run(const struct nvme_way* submit_way) {
  static char names[max_cases][48];
  static struct ktap_case cases[max_cases];
  static const struct ktap_case refusals[] = {
      {"wrong_nsid_refused", wrong_nsid, NULL},
      {"lba_out_of_range_refused", lba_out_of_range, NULL},
      {"read_only_memory_refused", read_only_memory, NULL},
      {"half_unmapped_refused", half_unmapped, NULL},
      {"too_long_refused", too_long, NULL},
  };
  size_t count = 0, shapes = sizeof(flats) / sizeof(flats[0]);
  way = submit_way;
  for (size_t i = 0; i < 2 * shapes; ++i, ++count) {
    bool write = i >= shapes;
    snprintf(names[count], sizeof(names[count]), "%s_%s", write ? "write" : "read", flats[i % shapes].name);
    cases[count] = (struct ktap_case){names[count], write ? write_flat : read_flat, &flats[i % shapes]};
  }
  for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); ++i) cases[count++] = refusals[i];
  return ktap_run(cases, count);
}
