// SPDX-License-Identifier: GPL-2.0
// Pins that GUP-fast takes and drops at once, because a second check forbids the page: both counters increase
// by one more than the operation needs. Tests that count exactly must know that; the balance is right.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "buffers.h"
#include "drive.h"
#include "ktap.h"
#include "pins.h"
#include "proc.h"

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

enum { pages = 16, seed = 9, child_ms = 10000 };

static void write_out(int fd, const struct buffer* buffer, long long counted) {
  struct pins before;
  if (!pins_begin(&before)) return;
  ssize_t done = pwrite(fd, buffer->addr, buffer->size, drive_raw.offset);
  if (done != (ssize_t)buffer->size) ktap_fail("writing gave %zd: %s", done, strerror(errno));
  pins_expect(&before, counted, counted);
}

// A pin for reading of a page that fork() left shared has to unshare it first (gup_must_unshare()): GUP-fast
// takes the first page, releases it, and the slow way gets them all. Then they are our own, and count once.
static void shared_by_fork(const void* arg) {
  (void)arg;
  struct buffer buffer;
  struct rendezvous end;
  unsigned char byte;
  long long counted = drive_pages(pages);
  if (counted < 0 || !rendezvous_open(&end) || !buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes()))
    return;
  pattern_fill(buffer.addr, buffer.size, seed, 0);
  int fd = drive_raw.open(O_WRONLY | O_DIRECT);
  pid_t child = fd < 0 ? -1 : proc_fork();
  if (child == 0) _exit(rendezvous_wait(&end, &byte, child_ms) ? 0 : 1);
  if (child > 0) {
    write_out(fd, &buffer, counted ? counted + 1 : 0);
    write_out(fd, &buffer, counted);
    rendezvous_send(&end, 1);
    if (proc_reap(child, child_ms) != 0) ktap_fail("the child did not wait until the end");
    transfer_compare(&drive_raw, buffer.size, seed);
  }
  if (fd >= 0) close(fd);
  rendezvous_close(&end);
  buffer_put(&buffer);
}

// A pin for writing of such a page is refused by the page table itself, before anything is taken.
static void shared_by_fork_for_writing(const void* arg) {
  (void)arg;
  struct buffer buffer;
  struct pins before;
  long long counted = drive_pages(pages);
  if (counted < 0 || !transfer_store(&drive_raw, pages * page_bytes(), seed)) return;
  if (!buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes())) return;
  struct rendezvous end;
  unsigned char byte;
  int fd = rendezvous_open(&end) ? drive_raw.open(O_RDONLY | O_DIRECT) : -1;
  pid_t child = fd < 0 ? -1 : proc_fork();
  if (child == 0) _exit(rendezvous_wait(&end, &byte, child_ms) && buffer.addr[0] == 0x5a ? 0 : 1);
  if (child > 0 && pins_begin(&before)) {
    ssize_t done = pread(fd, buffer.addr, buffer.size, drive_raw.offset);
    if (done != (ssize_t)buffer.size) ktap_fail("reading gave %zd: %s", done, strerror(errno));
    pins_expect(&before, counted, counted);
    rendezvous_send(&end, 1);
    if (proc_reap(child, child_ms) != 0) ktap_fail("the child sees data read only by the parent");
    if (pattern_check(buffer.addr, buffer.size, seed, 0) >= 0) ktap_fail("wrong data");
  }
  if (fd >= 0) close(fd);
  rendezvous_close(&end);
  buffer_put(&buffer);
}

// Secret memory is found out by its folio, when that is held already.
static void secret_memory(const void* arg) {
  (void)arg;
  struct pins before;
  long long counted = drive_pages(1);
  int secret = counted < 0 ? -1 : (int)syscall(SYS_memfd_secret, 0);
  if (counted < 0) return;
  if (secret < 0) {
    ktap_skip("memfd_secret: %s (SECRETMEM; before 6.5 also secretmem.enable=1)", strerror(errno));
    return;
  }
  int fd = drive_raw.open(O_RDONLY | O_DIRECT);
  void* map = MAP_FAILED;
  if (ftruncate(secret, (off_t)page_bytes()) == 0)
    map = mmap(NULL, page_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, secret, 0);
  if (map == MAP_FAILED) ktap_fail("mapping secret memory: %s", strerror(errno));
  if (fd >= 0 && map != MAP_FAILED) {
    memset(map, 1, page_bytes());
    if (pins_begin(&before)) {
      ssize_t done = pread(fd, map, page_bytes(), drive_raw.offset);
      if (done >= 0 || errno != EFAULT)
        ktap_fail("a direct read into secret memory gave %zd: %s", done, strerror(errno));
      pins_expect(&before, counted, counted);
    }
    munmap(map, page_bytes());
  }
  if (fd >= 0) close(fd);
  close(secret);
}

int main(void) {
  static const struct ktap_case cases[] = {
      {"read_only_pin_of_shared_pages", shared_by_fork, NULL},
      {"writing_pin_of_shared_pages", shared_by_fork_for_writing, NULL},
      {"secret_memory", secret_memory, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
