// SPDX-License-Identifier: GPL-2.0
// SG_IO commands that fail: in the disk, because memory is not writable, or half way through the memory. What
// was pinned is unpinned. And /dev/sgN, which maps user memory only if allowed (allow_dio).
#include <errno.h>
#include <fcntl.h>
#include <scsi/sg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "available.h"
#include "ktap.h"
#include "nvme.h"
#include "pins.h"
#include "scsi_pieces.h"

enum { pages = 16, check_condition = 2 };

struct refusal {
  enum scsi_node node;
  enum buffer_kind kind;
  int want;         // -errno or SCSI status
  int closed_from;  // the buffer cannot be reached from this page on (PROT_NONE); `pages`: all of it can
  bool read_only;
  bool out_of_range;
  int pinned;  // pages on the way
};

static void is_refused(const void* arg) {
  const struct refusal* r = arg;
  struct scsi scsi;
  struct buffer buffer;
  struct pins before;
  enum pin_mode mode = caps_dio_passthru();
  long huge_before = hugetlb_free();
  if (mode == MODE_UNKNOWN || !scsi_open(&scsi, r->node)) return;
  if (buffer_get(&buffer, r->kind, pages * page_bytes())) {
    size_t closed = (size_t)r->closed_from * page_bytes();
    if (r->read_only) mprotect(buffer.addr, buffer.size, PROT_READ);
    if (r->closed_from < pages) mprotect(buffer.addr + closed, buffer.size - closed, PROT_NONE);
    struct scsi_io io = {
        .addr = buffer.addr, .length = pages * page_bytes(), .offset = r->out_of_range ? (off_t)1 << 40 : 0};
    if (pins_begin(&before)) {
      int status = scsi_transfer(&scsi, &io, NULL);
      if (status != r->want) ktap_fail("the command gave %d, want %d", status, r->want);
      long long want = mode == MODE_PIN ? r->pinned : 0;
      pins_expect(&before, want, want);
    }
    if (r->kind == BUFFER_MEMFD) buffer_seal(&buffer);
    buffer_put(&buffer);
    if (r->kind == BUFFER_HUGETLB) hugetlb_expect_free(huge_before);
  }
  scsi_close(&scsi);
}

// Memory that the disk cannot reach is copied. The kernel's own pages are freed, also when that fails half
// way (`arg` not NULL): no counter shows them, but there would be less memory.
static void copies_are_freed(const void* arg) {
  enum { rounds = 150, most_kib = 16 << 10 };
  struct scsi scsi;
  struct buffer buffer;
  struct pins before;
  const int want = arg ? -EFAULT : 0;
  if (!scsi_open(&scsi, SCSI_BLOCK)) return;
  if (buffer_get(&buffer, BUFFER_PAGES, 4 * pages * page_bytes()) && pins_begin(&before)) {
    const struct scsi_io io = {
        .write = arg != NULL, .addr = buffer.addr + 1, .length = buffer.size - page_bytes(), .offset = 0};
    if (arg) mprotect(buffer.addr + buffer.size / 2, buffer.size / 2, PROT_NONE);
    const long long start = available_kib();
    for (int i = 0; i < rounds && !ktap_failed(); ++i) {
      const int status = scsi_transfer(&scsi, &io, NULL);
      if (status != want) ktap_fail("the command gave %d, want %d", status, want);
    }
    const long long lost = start - available_kib();
    if (start < 0 || lost > most_kib) ktap_fail("%d commands cost %lld KiB of memory", rounds, lost);
    pins_expect(&before, 0, 0);
  }
  buffer_put(&buffer);
  scsi_close(&scsi);
}

// The same of the array that has the pages of a long range (block/blk-map.c bio_map_user_iov()), of which few
// are there.
static void arrays_are_freed(const void* arg) {
  enum { rounds = 6000, there = 8, range = 256, most_kib = 6 << 10 };
  const enum pin_mode mode = caps_dio_passthru();
  struct scsi scsi;
  struct buffer buffer;
  struct pins before;
  (void)arg;
  if (mode == MODE_UNKNOWN || !scsi_open(&scsi, SCSI_BLOCK)) return;
  if (buffer_get(&buffer, BUFFER_PAGES, range * page_bytes()) && pins_begin(&before)) {
    const struct scsi_io io = {.addr = buffer.addr, .length = range * 4096ul, .offset = 0};
    mprotect(buffer.addr + there * page_bytes(), buffer.size - there * page_bytes(), PROT_NONE);
    const long long start = available_kib();
    for (int i = 0; i < rounds && !ktap_failed(); ++i) {
      const int status = scsi_transfer(&scsi, &io, NULL);
      if (status != -EFAULT) ktap_fail("the command gave %d, want EFAULT", status);
    }
    const long long lost = start - available_kib(), pinned = mode == MODE_PIN ? (long long)rounds * there : 0;
    // 6.12 loses the array of the piece that is refused (bio_map_user_iov() does not free what
    // iov_iter_extract_pages() has allocated when it fails), but not that of the piece before.
    if (start < 0 || lost > 3 * most_kib)
      ktap_fail("%d commands cost %lld KiB of memory", rounds, lost);
    else if (lost > most_kib)
      ktap_xfail("each refused command loses an array: %lld KiB", lost);
    pins_expect(&before, pinned, pinned);
  }
  buffer_put(&buffer);
  scsi_close(&scsi);
}

// A read that first takes over what the memory has, so that it keeps what the disk does not send: 36 bytes of
// INQUIRY into one page.
static void kept_where_not_read(const void* arg) {
  enum { inquiry = 0x12, some = 36, asked = 4096, limit_ms = 20000 };
  unsigned char sense[64], command[6] = {inquiry, 0, 0, 0, some, 0};
  struct scsi scsi;
  struct buffer buffer;
  struct pins before;
  (void)arg;
  if (!scsi_open(&scsi, SCSI_SG)) return;
  if (buffer_get(&buffer, BUFFER_PAGES, page_bytes()) && pins_begin(&before)) {
    struct sg_io_hdr request = {.interface_id = 'S',
                                .dxfer_direction = SG_DXFER_TO_FROM_DEV,
                                .cmd_len = sizeof(command),
                                .mx_sb_len = sizeof(sense),
                                .dxfer_len = asked,
                                .dxferp = buffer.addr,
                                .cmdp = command,
                                .sbp = sense,
                                .timeout = limit_ms};
    pattern_fill(buffer.addr, buffer.size, 78, 0);
    const int error = ioctl(scsi.fd, SG_IO, &request) < 0 ? errno : 0;
    // blk_rq_map_user_iov() maps the same memory again and again there, until the pages of /dev/sgN are used
    // up (bio_copy_user_iov() advances a copy of the iterator alone).
    if (error == ENOMEM)
      ktap_xfail("SG_DXFER_TO_FROM_DEV always fails with ENOMEM");
    else if (error || request.status)
      ktap_fail("INQUIRY: status %d, %s", request.status, strerror(error));
    else if (pattern_check(buffer.addr, some, 78, 0) < 0)
      ktap_fail("nothing was read");
    const long bad = pattern_check(buffer.addr + some, buffer.size - some, 78, some);
    if (bad >= 0) ktap_fail("byte %ld changed, which the disk did not send", bad + some);
    pins_expect(&before, 0, 0);
  }
  buffer_put(&buffer);
  scsi_close(&scsi);
}

// 0, or errno.
static int allow_dio(const char* value) {
  int fd = open("/sys/module/sg/parameters/allow_dio", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  int error = write(fd, value, strlen(value)) == (ssize_t)strlen(value) ? 0 : errno;
  close(fd);
  return error;
}

// `arg`: not NULL when direct I/O is allowed.
static void by_sg_node(const void* arg) {
  struct scsi scsi;
  struct buffer buffer;
  struct pins before;
  enum pin_mode mode = caps_dio_passthru();
  if (mode == MODE_UNKNOWN || !scsi_open(&scsi, SCSI_SG)) return;
  int error = allow_dio(arg ? "1" : "0");
  if (error) ktap_skip("sg's parameter allow_dio: %s", strerror(error));
  if (!error && buffer_get(&buffer, BUFFER_MEMFD, pages * page_bytes())) {
    struct scsi_io io = {.addr = buffer.addr, .length = buffer.size, .offset = scsi_target.offset};
    if (transfer_store(&scsi_target, buffer.size, 77) && pins_begin(&before)) {
      bool mapped = false;
      int status = scsi_transfer(&scsi, &io, &mapped);
      if (status != 0) ktap_fail("the command gave %d", status);
      if (mapped != (arg != NULL)) ktap_fail("the memory was %s", mapped ? "mapped" : "copied");
      long long want = arg && mode == MODE_PIN ? pages : 0;
      pins_expect(&before, want, want);
      if (pattern_check(buffer.addr, buffer.size, 77, 0) >= 0) ktap_fail("wrong data");
    }
    buffer_seal(&buffer);
    buffer_put(&buffer);
  }
  allow_dio("0");
  scsi_close(&scsi);
}

int main(void) {
  static const struct refusal range = {SCSI_BLOCK, BUFFER_MEMFD, check_condition, pages, false, true, pages};
  static const struct refusal range_huge = {SCSI_BLOCK, BUFFER_HUGETLB, check_condition, pages, false,
                                            true,       pages};
  static const struct refusal range_bsg = {SCSI_BSG, BUFFER_MEMFD, check_condition, pages, false,
                                           true,     pages};
  static const struct refusal read_only = {SCSI_BLOCK, BUFFER_MEMFD, -EFAULT, pages, true, false, 0};
  static const struct refusal half = {SCSI_BLOCK, BUFFER_MEMFD, -EFAULT, pages / 2, false, false, pages / 2};
  static const struct refusal half_bsg = {SCSI_BSG, BUFFER_MEMFD, -EFAULT,  pages / 2,
                                          false,    false,        pages / 2};
  static const struct ktap_case cases[] = {
      {"block_lba_out_of_range", is_refused, &range},
      {"block_lba_out_of_range_hugetlb", is_refused, &range_huge},
      {"bsg_lba_out_of_range", is_refused, &range_bsg},
      {"block_read_only_memory", is_refused, &read_only},
      {"block_half_unmapped", is_refused, &half},
      {"bsg_half_unmapped", is_refused, &half_bsg},
      {"sg_direct_allowed", by_sg_node, &range},
      {"sg_direct_not_allowed", by_sg_node, NULL},
      {"block_copies_are_freed", copies_are_freed, NULL},
      {"block_arrays_are_freed", arrays_are_freed, NULL},
      {"block_refused_copies_are_freed", copies_are_freed, "refused"},
      {"sg_kept_where_not_read", kept_where_not_read, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
