// SPDX-License-Identifier: GPL-2.0
// Fixed buffers that cannot be registered: what was pinned by then is unpinned.
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "buffers.h"
#include "ktap.h"
#include "pins.h"
#include "proc.h"
#include "ring.h"
#include "uring.h"

enum { pages = 16, nobody = 65534, rounds = 6, child_ms = 20000 };

// Registers and expects `want` (-errno), with `pinned` pages on the way.
static void refused(void* addr, size_t length, int want, long long pinned) {
  struct pins before;
  int ring = uring_open();
  if (ring >= 0 && pins_begin(&before)) {
    int error = uring_register(ring, addr, length);
    if (error != want) ktap_fail("registering gave %d (%s), want %d", error, strerror(-error), want);
    pins_expect(&before, pinned, pinned);
  }
  if (ring >= 0) close(ring);
}

static void read_only_memory(const void* arg) {
  (void)arg;
  struct buffer buffer;
  if (!buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes())) return;
  mprotect(buffer.addr, buffer.size, PROT_READ);
  refused(buffer.addr, buffer.size, -EFAULT, 0);
  buffer_put(&buffer);
}

static void half_unmapped(const void* arg) {
  const enum buffer_kind* kind = arg;
  struct buffer buffer;
  if (!buffer_get(&buffer, *kind, pages * page_bytes())) return;
  mprotect(buffer.addr + buffer.size / 2, buffer.size / 2, PROT_NONE);
  refused(buffer.addr, buffer.size, -EFAULT, pages / 2);
  if (*kind == BUFFER_MEMFD) buffer_seal(&buffer);
  buffer_put(&buffer);
}

static void more_than_1_gib(const void* arg) {
  (void)arg;
  struct buffer buffer;
  if (!buffer_get(&buffer, BUFFER_PAGES, page_bytes())) return;
  refused(buffer.addr, (1ul << 30) + 1, -EFAULT, 0);
  buffer_put(&buffer);
}

// A shared mapping of a file on ext4: its pages may be written back or truncated any time.
static void shared_file(const void* arg) {
  (void)arg;
  static const char path[] = "/mnt/ext4/pinrig-fixed";
  int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  size_t length = pages * page_bytes();
  if (fd < 0) {
    ktap_skip("%s: %s", path, strerror(errno));
    return;
  }
  struct pins before;
  unsigned char* map = ftruncate(fd, (off_t)length) == 0
                           ? mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
                           : MAP_FAILED;
  int ring = map == MAP_FAILED ? -1 : uring_open();
  if (map != MAP_FAILED) memset(map, 1, length);
  if (ring >= 0 && pins_begin(&before)) {
    int error = uring_register(ring, map, length);
    // EOPNOTSUPP by io_uring itself, EFAULT by GUP since that refuses it (6.5).
    if (error != -EOPNOTSUPP && error != -EFAULT)
      ktap_fail("a shared file mapping was registered, or: %s", strerror(-error));
    pins_expect_at_least(&before, 0, 0);
  }
  if (ring >= 0) close(ring);
  if (map != MAP_FAILED) munmap(map, length);
  close(fd);
  unlink(path);
}

// The second of two buffers is bad: the first is released.
static void second_buffer_bad(const void* arg) {
  (void)arg;
  struct buffer buffer;
  struct pins before;
  if (!buffer_get(&buffer, BUFFER_MEMFD, pages * page_bytes())) return;
  struct iovec vec[2] = {{buffer.addr, buffer.size}, {(void*)page_bytes(), page_bytes()}};
  int ring = uring_open();
  if (ring >= 0 && pins_begin(&before)) {
    if (syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS, vec, 2) == 0 || errno != EFAULT)
      ktap_fail("two buffers, one of them unmapped: %s", strerror(errno));
    pins_expect(&before, pages, pages);
  }
  if (ring >= 0) close(ring);
  buffer_seal(&buffer);
  buffer_put(&buffer);
}

// Beyond RLIMIT_MEMLOCK, for a user who is not exempt; what was charged for is released, so that half fits
// then.
static void memlock(const void* arg) {
  (void)arg;
  struct buffer buffer;
  struct pins before;
  if (!buffer_get(&buffer, BUFFER_MEMFD, 2 * pages * page_bytes()) || !pins_begin(&before)) return;
  pid_t child = proc_fork();
  if (child < 0) return;
  if (child == 0) {
    struct rlimit limit = {pages * page_bytes() * 3 / 2, pages * page_bytes() * 3 / 2};
    if (setrlimit(RLIMIT_MEMLOCK, &limit) < 0 || setgroups(0, NULL) < 0 || setuid(nobody) < 0) _exit(1);
    for (int i = 0; i < rounds; ++i) {
      int ring = uring_open();
      if (ring < 0) _exit(2);
      if (uring_register(ring, buffer.addr, 2 * pages * page_bytes()) != -ENOMEM) _exit(3);
      if (uring_register(ring, buffer.addr, pages * page_bytes() / 2) != 0) _exit(4);
      if (uring_unregister(ring) != 0) _exit(5);
      close(ring);
    }
    _exit(0);
  }
  int code = proc_reap(child, child_ms);
  if (code == 3) ktap_fail("more than RLIMIT_MEMLOCK was registered");
  if (code == 4) ktap_fail("a buffer within RLIMIT_MEMLOCK was not registered");
  if (code != 0 && code != 3 && code != 4) ktap_fail("the child ended with %d", code);
  if (code == 0) pins_expect(&before, rounds * (2 * pages + pages / 2), rounds * (2 * pages + pages / 2));
  buffer_seal(&buffer);
  buffer_put(&buffer);
}

int main(void) {
  static const enum buffer_kind plain = BUFFER_PAGES, memfd = BUFFER_MEMFD;
  static const struct ktap_case cases[] = {
      {"read_only_memory", read_only_memory, NULL},
      {"half_unmapped", half_unmapped, &plain},
      {"memfd_half_unmapped", half_unmapped, &memfd},
      {"more_than_1_gib", more_than_1_gib, NULL},
      {"shared_file", shared_file, NULL},
      {"second_buffer_bad", second_buffer_bad, NULL},
      {"beyond_memlock", memlock, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
