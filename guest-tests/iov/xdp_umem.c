// SPDX-License-Identifier: GPL-2.0
// AF_XDP: XDP_UMEM_REG pins its area with FOLL_LONGTERM (net/xdp/xdp_umem.c); closing the socket unpins it
// from a work item, some milliseconds later. Arguments that cannot be are refused before anything is pinned.
#include <errno.h>
#include <linux/if_xdp.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "buffers.h"
#include "ktap.h"
#include "pins.h"
#include "proc.h"

#ifndef AF_XDP
#define AF_XDP 44
#endif
#ifndef SOL_XDP
#define SOL_XDP 283
#endif

enum { pages = 16, chunk = 2048, child_ms = 20000 };

struct area {
  enum buffer_kind kind;
  int closed_from;  // the area cannot be reached from this page on; `pages`: all of it can
  bool read_only;
  int want;  // 0 or errno
};

static int open_socket(void) {
  int fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (fd < 0 && errno == EAFNOSUPPORT) ktap_skip("no AF_XDP: this kernel lacks XDP_SOCKETS");
  if (fd < 0 && errno != EAFNOSUPPORT) ktap_fail("socket(AF_XDP): %s", strerror(errno));
  return fd;
}

static int register_area(int fd, void* addr, size_t length) {
  struct xdp_umem_reg area = {.addr = (uintptr_t)addr, .len = length, .chunk_size = chunk};
  return setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &area, sizeof(area)) < 0 ? errno : 0;
}

static void register_and_close(const void* arg) {
  const struct area* a = arg;
  struct buffer buffer;
  struct pins before;
  long huge_before = hugetlb_free();
  int fd = open_socket();
  if (fd < 0) return;
  if (buffer_get(&buffer, a->kind, pages * page_bytes())) {
    size_t closed = (size_t)a->closed_from * page_bytes(), length = pages * page_bytes();
    if (a->read_only) mprotect(buffer.addr, length, PROT_READ);
    if (a->closed_from < pages) mprotect(buffer.addr + closed, buffer.size - closed, PROT_NONE);
    if (pins_begin(&before)) {
      int error = register_area(fd, buffer.addr, length);
      if (error != a->want) ktap_fail("XDP_UMEM_REG gave %d (%s), want %d", error, strerror(error), a->want);
      int pinned = a->read_only ? 0 : a->closed_from;
      if (a->want)
        pins_expect(&before, pinned, pinned);
      else
        pins_expect_longterm(&before, pages);
      close(fd);
      fd = -1;
      pins_expect(&before, 0, a->want ? 0 : pages);
    }
    if (a->kind == BUFFER_MEMFD) buffer_seal(&buffer);
    buffer_put(&buffer);
    if (a->kind == BUFFER_HUGETLB) hugetlb_expect_free(huge_before);
  }
  if (fd >= 0) close(fd);
}

// A socket takes one area: the second is refused and pins nothing.
static void second_area(const void* arg) {
  (void)arg;
  struct buffer buffer;
  struct pins before;
  int fd = open_socket();
  if (fd < 0) return;
  if (buffer_get(&buffer, BUFFER_MEMFD, 2 * pages * page_bytes())) {
    if (pins_begin(&before)) {
      int error = register_area(fd, buffer.addr, pages * page_bytes());
      if (error) ktap_fail("XDP_UMEM_REG: %s", strerror(error));
      pins_expect_longterm(&before, pages);
      error = register_area(fd, buffer.addr + pages * page_bytes(), pages * page_bytes());
      if (error != EBUSY) ktap_fail("a second area gave %d, want EBUSY", error);
      pins_expect(&before, 0, 0);
      close(fd);
      fd = -1;
      pins_expect(&before, 0, pages);
    }
    buffer_seal(&buffer);
    buffer_put(&buffer);
  }
  if (fd >= 0) close(fd);
}

// Newer than our headers: flag and field of the metadata that is sent with a packet (since 6.8).
enum { TX_METADATA = 1 << 2 };
struct umem {
  uint64_t addr, length;
  uint32_t chunk, headroom, flags, metadata;
};

// What is wrong with an area is found before it is pinned. Its address is the buffer's, or `at`.
static void argument_refused(const void* arg) {
  struct umem area = *(const struct umem*)arg;
  struct buffer buffer;
  struct pins before;
  const int fd = open_socket();
  if (fd < 0) return;
  if (buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes()) && pins_begin(&before)) {
    const bool anywhere = area.addr > 1;
    if (!anywhere) area.addr += (uintptr_t)buffer.addr;
    if (anywhere) area.addr -= area.addr % page_bytes();
    if (area.length == 0) area.length = buffer.size;
    const int error = setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &area, sizeof(area)) < 0 ? errno : 0;
    if (error != EINVAL) ktap_fail("XDP_UMEM_REG gave %d (%s), want EINVAL", error, strerror(error));
    pins_expect(&before, 0, 0);
  }
  close(fd);
  buffer_put(&buffer);
}

static void exit_releases(const void* arg) {
  (void)arg;
  struct buffer buffer;
  struct pins before;
  int fd = open_socket();
  if (fd < 0) return;
  close(fd);
  if (!buffer_get(&buffer, BUFFER_MEMFD, pages * page_bytes()) || !pins_begin(&before)) return;
  pid_t child = proc_fork();
  if (child < 0) return;
  if (child == 0) {
    fd = open_socket();
    _exit(fd >= 0 && register_area(fd, buffer.addr, buffer.size) == 0 ? 0 : 1);
  }
  int code = proc_reap(child, child_ms);
  if (code != 0) ktap_fail("the child ended with %d", code);
  pins_expect_held(&before, pages, 0);
  buffer_seal(&buffer);
  buffer_put(&buffer);
}

int main(void) {
  static const struct area plain = {BUFFER_PAGES, pages, false, 0}, memfd = {BUFFER_MEMFD, pages, false, 0};
  static const struct area thp = {BUFFER_THP, pages, false, 0}, hugetlb = {BUFFER_HUGETLB, pages, false, 0};
  static const struct area read_only = {BUFFER_PAGES, pages, true, EFAULT};
  // What is pinned in part is refused with ENOMEM (xdp_umem_pin_pages).
  static const struct area half = {BUFFER_MEMFD, pages / 2, false, ENOMEM};
  static const struct umem wraps = {UINT64_MAX, 1 << 20, chunk, 0, 0, 0}, odd = {1, 0, chunk, 0, 0, 0},
                           part = {0, 3 * chunk + 100, chunk, 0, 0, 0}, huge = {0, 0, 1 << 20, 0, 0, 0},
                           uneven = {0, 0, chunk + 100, 0, 0, 0}, headroom = {0, 0, chunk, chunk - 200, 0, 0},
                           flags = {0, 0, chunk, 0, 1u << 30, 0}, tiny = {0, 0, chunk / 2, 0, 0, 0};
  static const struct umem small = {0, 0, chunk, 0, TX_METADATA, 8},
                           large = {0, 0, chunk, 0, TX_METADATA, 256},
                           unaligned = {0, 0, chunk, 0, TX_METADATA, 20};
  static const struct ktap_case cases[] = {
      {"16_pages", register_and_close, &plain},
      {"memfd", register_and_close, &memfd},
      {"thp", register_and_close, &thp},
      {"hugetlb", register_and_close, &hugetlb},
      {"read_only_memory_refused", register_and_close, &read_only},
      {"half_unmapped_refused", register_and_close, &half},
      {"second_area_refused", second_area, NULL},
      {"exit_without_close", exit_releases, NULL},
      {"end_before_start_refused", argument_refused, &wraps},
      {"odd_address_refused", argument_refused, &odd},
      {"part_of_a_chunk_refused", argument_refused, &part},
      {"chunk_of_many_pages_refused", argument_refused, &huge},
      {"small_chunk_refused", argument_refused, &tiny},
      {"uneven_chunk_refused", argument_refused, &uneven},
      {"chunk_without_room_refused", argument_refused, &headroom},
      {"unknown_flag_refused", argument_refused, &flags},
      {"little_metadata_refused", argument_refused, &small},
      {"much_metadata_refused", argument_refused, &large},
      {"unaligned_metadata_refused", argument_refused, &unaligned},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
