// SPDX-License-Identifier: GPL-2.0
// Memory that a protection key denies to its own process: what takes pages of this process is refused, on the
// fast and on the slow way, and debuggers and other processes are not (FOLL_REMOTE; mm/gup.c
// check_vma_flags(), arch_vma_access_permitted()).
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "buffers.h"
#include "devices.h"
#include "drive.h"
#include "ktap.h"
#include "pins.h"

enum { pages = 4, seed = 121, new_seed = 122, most = pages * 65536 };
static unsigned char here[most];  // may be reached

struct denied {
  struct buffer buffer;
  int key;
};

// A written buffer that the process may not read (PKEY_DISABLE_ACCESS), or not write (PKEY_DISABLE_WRITE).
static bool deny(struct denied* d, unsigned rights) {
  *d = (struct denied){.buffer = {.fd = -1}, .key = pkey_alloc(0, 0)};
  if (d->key < 0) return ktap_skip("pkey_alloc: %s (the CPU has no protection keys)", strerror(errno));
  if (!buffer_get(&d->buffer, BUFFER_PAGES, pages * page_bytes())) return false;
  pattern_fill(d->buffer.addr, d->buffer.size, seed, 0);
  return (pkey_mprotect(d->buffer.addr, d->buffer.size, PROT_READ | PROT_WRITE, d->key) == 0 &&
          pkey_set(d->key, rights) == 0) ||
         ktap_fail("pkey_mprotect: %s", strerror(errno));
}

static void allow(struct denied* d) {
  if (d->key >= 0) pkey_set(d->key, 0);
  buffer_put(&d->buffer);
  if (d->key >= 0) pkey_free(d->key);
}

// By whom the memory is read and written: pread() and pwrite(), or their equivalents.
struct remote {
  ssize_t (*read)(struct denied* d);
  ssize_t (*write)(struct denied* d);
  long long pins;  // for each of them
};

static ssize_t through_mem(struct denied* d, bool write) {
  const int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
  const off_t at = (off_t)(unsigned long)d->buffer.addr;
  const ssize_t done = fd < 0  ? -1
                       : write ? pwrite(fd, here, d->buffer.size, at)
                               : pread(fd, here, d->buffer.size, at);
  const int error = errno;
  if (fd >= 0) close(fd);
  errno = error;
  return done;
}

static ssize_t read_mem(struct denied* d) { return through_mem(d, false); }
static ssize_t write_mem(struct denied* d) { return through_mem(d, true); }

static ssize_t read_vm(struct denied* d) {
  const struct iovec to = {here, d->buffer.size}, from = {d->buffer.addr, d->buffer.size};
  return process_vm_readv(getpid(), &to, 1, &from, 1, 0);
}

static ssize_t write_vm(struct denied* d) {
  const struct iovec from = {here, d->buffer.size}, to = {d->buffer.addr, d->buffer.size};
  return process_vm_writev(getpid(), &from, 1, &to, 1, 0);
}

static void allowed(const void* arg) {
  const struct remote* remote = arg;
  struct denied d;
  struct pins before;
  if (deny(&d, PKEY_DISABLE_ACCESS) && pins_begin(&before)) {
    const ssize_t size = (ssize_t)d.buffer.size;
    if (remote->read(&d) != size) ktap_fail("reading: %s", strerror(errno));
    if (pattern_check(here, d.buffer.size, seed, 0) >= 0) ktap_fail("wrong data was read");
    pattern_fill(here, d.buffer.size, new_seed, 0);
    if (remote->write(&d) != size) ktap_fail("writing: %s", strerror(errno));
    pins_expect(&before, 2 * remote->pins, 2 * remote->pins);
    pkey_set(d.key, 0);
    if (pattern_check(d.buffer.addr, d.buffer.size, new_seed, 0) >= 0) ktap_fail("wrong data was written");
  }
  allow(&d);
}

static void direct(struct denied* d, bool write, bool good) {
  const int fd = device_open(DRIVE_RAW, 1, O_RDWR | O_DIRECT);
  if (fd < 0) return;
  const ssize_t done = write ? pwrite(fd, d->buffer.addr, d->buffer.size, drive_raw.offset)
                             : pread(fd, d->buffer.addr, d->buffer.size, drive_raw.offset);
  const char* what = write ? "write from" : "read into";
  if (good && done != (ssize_t)d->buffer.size) ktap_fail("a direct %s it: %s", what, strerror(errno));
  if (!good && (done >= 0 || errno != EFAULT)) ktap_fail("a direct %s it gives %zd, want EFAULT", what, done);
  close(fd);
}

// Direct I/O takes the pages by the fast way first, a pipe those that it may read.
static void refused(const void* arg) {
  const unsigned* rights = arg;
  const bool readable = *rights == PKEY_DISABLE_WRITE;
  const long long pinned = drive_pages(pages);
  struct denied d;
  struct pins before;
  int ends[2] = {-1, -1};
  if (pinned < 0) return;
  if (deny(&d, *rights) && pins_begin(&before) && pipe2(ends, O_CLOEXEC) == 0) {
    const struct iovec all = {d.buffer.addr, d.buffer.size};
    direct(&d, false, false);
    direct(&d, true, readable);
    const ssize_t spliced = vmsplice(ends[1], &all, 1, 0);
    if (readable && spliced != (ssize_t)d.buffer.size) ktap_fail("vmsplice: %s", strerror(errno));
    if (!readable && (spliced >= 0 || errno != EFAULT)) ktap_fail("vmsplice gives %zd, want EFAULT", spliced);
    close(ends[0]);
    close(ends[1]);
    pins_expect_at_least(&before, readable ? pinned : 0, 0);
    pkey_set(d.key, 0);
    if (pattern_check(d.buffer.addr, d.buffer.size, seed, 0) >= 0) ktap_fail("the memory was written");
  }
  allow(&d);
}

int main(void) {
  static const unsigned access = PKEY_DISABLE_ACCESS, write = PKEY_DISABLE_WRITE;
  static const struct remote mem = {read_mem, write_mem, 0}, vm = {read_vm, write_vm, pages};
  static const struct ktap_case cases[] = {
      {"proc_mem", allowed, &mem},
      {"process_vm", allowed, &vm},
      {"own_access_refused", refused, &access},
      {"own_write_refused", refused, &write},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
