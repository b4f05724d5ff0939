// SPDX-License-Identifier: GPL-2.0
// A dma-buf of a memfd's pages (drivers/dma-buf/udmabuf.c): newer kernels pin them (memfd_pin_folios(),
// since 6.11), older ones take references. Either way the pages are held until the dma-buf is closed, and
// only then the memfd can be sealed.
#include <errno.h>
#include <fcntl.h>
#include <linux/udmabuf.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffers.h"
#include "caps.h"
#include "ktap.h"
#include "pins.h"

enum { pages = 16, seed = 82, new_seed = 83 };

static int create(int driver, const struct buffer* buffer, size_t offset, size_t size) {
  struct udmabuf_create request = {
      .memfd = (unsigned)buffer->fd, .flags = UDMABUF_FLAGS_CLOEXEC, .offset = offset, .size = size};
  return ioctl(driver, UDMABUF_CREATE, &request);
}

static int open_driver(void) {
  int driver = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
  if (driver < 0) ktap_skip("/dev/udmabuf: %s (UDMABUF)", strerror(errno));
  return driver;
}

// The dma-buf's own mapping shows the memfd's pages, in both directions.
static void compare(int dmabuf, struct buffer* buffer) {
  unsigned char* view = mmap(NULL, buffer->size, PROT_READ | PROT_WRITE, MAP_SHARED, dmabuf, 0);
  KTAP_REQUIRE(view != MAP_FAILED, "mapping the dma-buf: %s", strerror(errno));
  if (pattern_check(view, buffer->size, seed, 0) >= 0)
    ktap_fail("the dma-buf does not show the memfd's data");
  pattern_fill(view, buffer->size, new_seed, 0);
  munmap(view, buffer->size);
  if (pattern_check(buffer->addr, buffer->size, new_seed, 0) >= 0)
    ktap_fail("the memfd does not have the written data");
}

// What this kernel does with the first page, it does with every one.
static bool judge_mode(const struct pins* before, const struct pins* after) {
  const bool pinned = after->acquired > before->acquired;
  caps_found("udmabuf.pin", pinned ? "pin" : "get");
  return pinned;
}

static void create_and_close(const void* arg) {
  (void)arg;
  struct buffer buffer;
  struct pins before, after;
  int driver = open_driver();
  if (driver < 0) return;
  if (buffer_get(&buffer, BUFFER_MEMFD, pages * page_bytes())) {
    fcntl(buffer.fd, F_ADD_SEALS, F_SEAL_SHRINK);
    pattern_fill(buffer.addr, buffer.size, seed, 0);
    if (pins_begin(&before)) {
      int dmabuf = create(driver, &buffer, 0, buffer.size);
      if (dmabuf < 0) ktap_fail("UDMABUF_CREATE: %s", strerror(errno));
      if (!pins_sample(&after)) return;
      bool pinned = judge_mode(&before, &after);
      if (pinned)
        pins_expect_longterm(&before, pages);
      else
        pins_expect(&before, 0, 0);
      compare(dmabuf, &buffer);
      close(dmabuf);
      pins_expect(&before, 0, pinned ? pages : 0);
      buffer_seal(&buffer);
    }
    buffer_put(&buffer);
  }
  close(driver);
}

static void part(const void* arg) {
  (void)arg;
  struct buffer buffer;
  struct pins before;
  int driver = open_driver();
  if (driver < 0) return;
  if (buffer_get(&buffer, BUFFER_MEMFD, pages * page_bytes()) && pins_begin(&before)) {
    fcntl(buffer.fd, F_ADD_SEALS, F_SEAL_SHRINK);
    int dmabuf = create(driver, &buffer, 3 * page_bytes(), 5 * page_bytes());
    if (dmabuf < 0) ktap_fail("UDMABUF_CREATE: %s", strerror(errno));
    struct pins after;
    if (!pins_sample(&after)) return;
    bool pinned = judge_mode(&before, &after);
    if (pinned)
      pins_expect_longterm(&before, 5);
    else
      pins_expect(&before, 0, 0);
    close(dmabuf);
    pins_expect(&before, 0, pinned ? 5 : 0);
    buffer_seal(&buffer);
    buffer_put(&buffer);
  }
  close(driver);
}

// Without F_SEAL_SHRINK, with F_SEAL_WRITE, beyond the end: refused, and nothing is held.
static void refused(const void* arg) {
  const int* seal = arg;
  struct buffer buffer;
  struct pins before;
  int driver = open_driver();
  if (driver < 0) return;
  if (buffer_get(&buffer, BUFFER_MEMFD, pages * page_bytes()) && pins_begin(&before)) {
    munmap(buffer.map, buffer.map_size);
    buffer.map = MAP_FAILED;
    if (*seal) fcntl(buffer.fd, F_ADD_SEALS, *seal);
    int dmabuf =
        create(driver, &buffer, 0, *seal == F_SEAL_SHRINK ? buffer.size + page_bytes() : buffer.size);
    if (dmabuf >= 0 || errno != EINVAL)
      ktap_fail("UDMABUF_CREATE: %s, want EINVAL", dmabuf >= 0 ? "done" : strerror(errno));
    if (dmabuf >= 0) close(dmabuf);
    pins_expect(&before, 0, 0);
    buffer_put(&buffer);
  }
  close(driver);
}

// One dma-buf of parts of two memfds. `arg` not NULL: the second may still be cut, which is refused after the
// pages of the first were taken.
static void list(const void* arg) {
  enum { parts = 2 };
  struct buffer buffers[parts] = {{.map = MAP_FAILED, .fd = -1}, {.map = MAP_FAILED, .fd = -1}};
  struct pins before;
  struct {
    struct udmabuf_create_list head;
    struct udmabuf_create_item items[parts];
  } request = {.head = {.flags = UDMABUF_FLAGS_CLOEXEC, .count = parts}};
  const int driver = open_driver();
  bool good = driver >= 0;
  for (int i = 0; good && i < parts; ++i) {
    good = buffer_get(&buffers[i], BUFFER_MEMFD, pages * page_bytes());
    if (i == 0 || !arg) fcntl(buffers[i].fd, F_ADD_SEALS, F_SEAL_SHRINK);
    request.items[i] = (struct udmabuf_create_item){
        .memfd = (unsigned)buffers[i].fd, .offset = page_bytes(), .size = (pages - 2) * page_bytes()};
  }
  if (good && pins_begin(&before)) {
    const int dmabuf = ioctl(driver, UDMABUF_CREATE_LIST, &request);
    if (arg && (dmabuf >= 0 || errno != EINVAL))
      ktap_fail("UDMABUF_CREATE_LIST: %s, want EINVAL", dmabuf >= 0 ? "done" : strerror(errno));
    if (!arg && dmabuf < 0) ktap_fail("UDMABUF_CREATE_LIST: %s", strerror(errno));
    if (dmabuf >= 0) close(dmabuf);
    pins_expect_at_least(&before, 0, 0);
  }
  for (int i = 0; i < parts; ++i) {
    if (buffers[i].fd >= 0) buffer_seal(&buffers[i]);
    buffer_put(&buffers[i]);
  }
  if (driver >= 0) close(driver);
}

int main(void) {
  static const int none = 0, write_too = F_SEAL_SHRINK | F_SEAL_WRITE, beyond = F_SEAL_SHRINK;
  static const struct ktap_case cases[] = {
      {"create_and_close", create_and_close, NULL}, {"part", part, NULL},
      {"not_sealed_refused", refused, &none},       {"write_sealed_refused", refused, &write_too},
      {"beyond_the_end_refused", refused, &beyond}, {"list", list, NULL},
      {"second_of_list_refused", list, "second"},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
