// SPDX-License-Identifier: GPL-2.0
// O_DIRECT on tmpfs: refused, or accepted without doing direct I/O (mm/shmem.c). A successful open with
// O_DIRECT proves nothing; nothing is pinned.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "fs_fixture.h"
#include "ktap.h"
#include "pins.h"

enum { pages = 16, pattern = 31 };

static struct filesystem fs;
static char path[128];
static bool opens;

static void open_direct(const void* arg) {
  (void)arg;
  if (!filesystem_open(&fs, "tmpfs") ||
      !filesystem_file(&fs, "data", 2 * pages * page_bytes(), path, sizeof(path)))
    return;
  int fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
  opens = fd >= 0;
  if (!opens && errno != EINVAL) ktap_fail("O_DIRECT open: %s", strerror(errno));
  caps_print("dio.tmpfs", opens ? "cached" : "refused");
  if (opens) close(fd);
}

// Both ways, from every alignment: as many bytes, the right ones, no pin, no reference that stays.
static void transfer(const void* arg) {
  const int* offset = arg;
  struct buffer buffer;
  struct pins before;
  size_t length = pages * page_bytes();
  int fd = open(path, O_RDWR | (opens ? O_DIRECT : 0) | O_CLOEXEC);
  KTAP_REQUIRE(fd >= 0, "%s: %s", path, strerror(errno));
  if (buffer_get(&buffer, BUFFER_MEMFD, length + page_bytes())) {
    unsigned char* at = buffer.addr + *offset;
    pattern_fill(at, length, pattern, 0);
    if (pins_begin(&before)) {
      ssize_t put = pwrite(fd, at, length, *offset);
      memset(at, 0, length);
      ssize_t got = pread(fd, at, length, *offset);
      if (put != (ssize_t)length || got != (ssize_t)length)
        ktap_fail("%zd bytes written, %zd read of %zu", put, got, length);
      pins_expect(&before, 0, 0);
      if (pattern_check(at, length, pattern, 0) >= 0) ktap_fail("wrong data");
    }
    buffer_seal(&buffer);
    buffer_put(&buffer);
  }
  close(fd);
}

int main(void) {
  static const int aligned = 0, sector = 512, odd = 7;
  static const struct ktap_case cases[] = {
      {"open_direct", open_direct, NULL},
      {"16_pages", transfer, &aligned},
      {"16_pages_at_512", transfer, &sector},
      {"16_pages_at_an_odd_byte", transfer, &odd},
  };
  int code = ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
  filesystem_close(&fs);
  return code;
}
