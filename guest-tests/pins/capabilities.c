// SPDX-License-Identifier: GPL-2.0
// Probes what this kernel does where kernels differ. Prints "# capability NAME
// VALUE" lines, which the harness stores and compares with what a series requires. A case fails only when its
// probe fails: no value is wrong here.
#include <errno.h>
#include <fcntl.h>
#include <linux/ioctl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "buffers.h"
#include "caps.h"
#include "ktap.h"
#include "nvme.h"
#include "pins.h"
#include "probe.h"
#include "proc.h"
#include "uring.h"
#include "vfat.h"

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

static const char ext4_mount[] = "/mnt/ext4";

// O_DIRECT on a raw block device (block/fops.c).
static void dio_bdev(const void* arg) {
  (void)arg;
  caps_dio_bdev();
}

// A file of one written page in `folder`, opened for direct reads; -1 after reporting.
static int open_file(const char* folder, char* path, size_t size) {
  unsigned char block[65536];
  snprintf(path, size, "%s/pinrig-probe", folder);
  int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  memset(block, 1, sizeof(block));
  bool good = fd >= 0 && write(fd, block, page_bytes()) == (ssize_t)page_bytes() && fsync(fd) == 0;
  if (fd >= 0) close(fd);
  fd = good ? open(path, O_RDONLY | O_DIRECT | O_CLOEXEC) : -1;
  if (fd < 0) ktap_fail("%s: %s", path, strerror(errno));
  return fd;
}

static enum pin_mode probe_file(const char* folder, long long* skew) {
  char path[64];
  int fd = open_file(folder, path, sizeof(path));
  enum pin_mode mode = fd < 0 ? MODE_UNKNOWN : caps_probe_read(fd, skew);
  if (fd >= 0) close(fd);
  unlink(path);
  if (mode != MODE_UNKNOWN) pins_claim_exact(mode == MODE_PIN ? 1 : 0);
  return mode;
}

static bool have_ext4(void) {
  struct stat here, parent;
  if (stat(ext4_mount, &here) == 0 && stat("/mnt", &parent) == 0 && here.st_dev != parent.st_dev) return true;
  return ktap_skip("nothing is mounted at %s", ext4_mount);
}

// The same by way of iomap (fs/iomap/direct-io.c), on ext4.
static void dio_iomap(const void* arg) {
  (void)arg;
  long long skew = 0;
  if (!have_ext4()) return;
  enum pin_mode mode = probe_file(ext4_mount, &skew);
  if (mode == MODE_UNKNOWN) return;
  caps_print("dio.iomap", pin_mode_name(mode));
}

// Is the watch that tells "get" from "cached" right? By transfers of which it is known.
static bool watched(int fd, void* page, bool write, bool hit) {
  struct cache_watch watch;
  const int times = write ? cache_watch_writes : 1;
  if (!cache_watch_begin(&watch, fd, write, times)) return false;
  for (int i = 0; i < times; ++i) {
    ssize_t done = write ? pwrite(fd, page, page_bytes(), 0) : pread(fd, page, page_bytes(), 0);
    if (done != (ssize_t)page_bytes()) return ktap_fail("%zd of a page: %s", done, strerror(errno));
    // A direct write that is not one is written back before it returns.
    if (write && hit && fsync(fd) < 0) return ktap_fail("fsync: %s", strerror(errno));
  }
  return cache_watch_hit(&watch) == hit ||
         ktap_fail("%s %s are %s the page cache", hit ? "buffered" : "direct", write ? "writes" : "reads",
                   hit ? "not seen in" : "seen in");
}

static void cache_watch(const void* arg) {
  struct buffer buffer;
  struct pins before, after;
  char path[64];
  (void)arg;
  if (!have_ext4() || !buffer_get(&buffer, BUFFER_PAGES, page_bytes())) return;
  int direct = open_file(ext4_mount, path, sizeof(path));
  int cached = open(path, O_RDWR | O_CLOEXEC), writer = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
  if (direct >= 0 && cached >= 0 && writer >= 0 && pins_begin(&before)) {
    after = before;
    bool good = watched(direct, buffer.addr, false, false) && watched(cached, buffer.addr, false, true) &&
                watched(writer, buffer.addr, true, false) && watched(cached, buffer.addr, true, true);
    if (good) ktap_note("direct and buffered transfers are told apart");
    if (pins_rest(&after)) pins_claim_exact(after.acquired - before.acquired);
  }
  if (direct >= 0) close(direct);
  if (cached >= 0) close(cached);
  if (writer >= 0) close(writer);
  unlink(path);
  buffer_put(&buffer);
}

// The same by way of fs/direct-io.c, on vfat; and whether its extra references are unpinned without having
// been counted (folio_add_pin() in mm/gup.c), which is no leak and has to be known.
static void dio_legacy(const void* arg) {
  (void)arg;
  struct vfat vfat;
  long long skew = 0;
  if (!pins_available()) return;
  if (vfat_open(&vfat)) {
    enum pin_mode mode = probe_file(vfat.target, &skew);
    if (mode != MODE_UNKNOWN) {
      caps_print("dio.legacy", pin_mode_name(mode));
      // Anything else is a leak or an over-release on the way, which the ledger reports.
      caps_print("legacy_skew", skew == 2 ? "2" : skew == 0 ? "0" : "unknown");
      ktap_note("one section: %lld pages more released than acquired", skew);
      if (skew == 2) pins_claim_skew(1);
    }
  }
  vfat_close(&vfat);
}

// Does a short-term pin count the zero page?
static void zeropage_pin(const void* arg) {
  (void)arg;
  struct buffer zero, local;
  struct pins before, after;
  if (!buffer_get(&zero, BUFFER_PAGES, page_bytes()) || !buffer_get(&local, BUFFER_PAGES, page_bytes()))
    return;
  madvise(zero.addr, zero.size, MADV_DONTNEED);
  (void)*(volatile unsigned char*)zero.addr;
  if (pins_begin(&before)) {
    ssize_t got = proc_vm_read(local.addr, zero.addr, page_bytes());
    KTAP_REQUIRE(got == (ssize_t)page_bytes(), "process_vm_readv: %s", strerror(errno));
    if (!pins_sample(&after)) return;
    bool counted = after.acquired != before.acquired;
    pins_claim_exact(counted ? 1 : 0);
    caps_print("zeropage_pin", counted ? "counted" : "none");
  }
  buffer_put(&zero);
  buffer_put(&local);
}

// Does io_uring release all but one pin of a huge page that it registers whole?
static void iou_coalesce(const void* arg) {
  (void)arg;
  struct buffer huge;
  struct pins before, after;
  if (!pins_available() || !buffer_get(&huge, BUFFER_THP, 1)) return;
  int ring = uring_open();
  if (ring >= 0 && pins_begin(&before)) {
    long long pages = (long long)(huge.size / page_bytes());
    int error = uring_register(ring, huge.addr, huge.size);
    if (error) ktap_fail("IORING_REGISTER_BUFFERS: %s", strerror(-error));
    if (!error && pins_sample(&after)) {
      caps_print("iou.coalesce", after.acquired - before.acquired - (after.released - before.released) < pages
                                     ? "yes"
                                     : "no");
      // On a machine with movable memory they are moved out of it first and count twice.
      pins_claim_at_least(pages);
      uring_unregister(ring);
    }
  }
  if (ring >= 0) close(ring);
  buffer_put(&huge);
}

#define LONGTERM_STOP _IO('g', 8)

// Has the gup_test driver the ioctls that keep a long-term pin (since 6.4)?
static void gup_test_longterm(const void* arg) {
  (void)arg;
  int driver = open("/sys/kernel/debug/gup_test", O_RDWR | O_CLOEXEC);
  if (driver < 0) {
    ktap_skip("/sys/kernel/debug/gup_test: %s", strerror(errno));
    return;
  }
  // Stopping what was not started is fine for a driver that knows the ioctl.
  bool known = ioctl(driver, LONGTERM_STOP) == 0;
  caps_print("gup_test.longterm", known ? "yes" : "no");
  close(driver);
}

static void secretmem(const void* arg) {
  (void)arg;
  int fd = (int)syscall(SYS_memfd_secret, 0);
  caps_print("secretmem", fd >= 0 ? "yes" : "no");
  if (fd >= 0) close(fd);
}

// NVMe commands of a user (block/blk-map.c).
static void dio_passthru(const void* arg) {
  (void)arg;
  caps_dio_passthru();
}

static void lt_file_rw(const void* arg) {
  (void)arg;
  if (have_ext4()) probe_lt_file();
}

// The probes of lib/probe.h: those paths belong to other suites.
static void probe(const void* arg) { (*(void (*const*)(void))arg)(); }

int main(void) {
  static void (*const netfs)(void) = probe_netfs, (*const fuse)(void) = probe_fuse,
                      (*const alg)(void) = probe_alg;
  static void (*const unlock)(void) = probe_lt_unlock, (*const framevec)(void) = probe_framevec;
  static void (*const udmabuf)(void) = probe_udmabuf;
  static const struct ktap_case cases[] = {
      {"dio.bdev", dio_bdev, NULL},
      {"dio.iomap", dio_iomap, NULL},
      {"cache_watch", cache_watch, NULL},
      {"dio.legacy", dio_legacy, NULL},
      {"dio.passthru", dio_passthru, NULL},
      {"dio.netfs", probe, &netfs},
      {"dio.fuse", probe, &fuse},
      {"alg", probe, &alg},
      {"zeropage_pin", zeropage_pin, NULL},
      {"lt.file_rw", lt_file_rw, NULL},
      {"lt.unlock", probe, &unlock},
      {"framevec.force", probe, &framevec},
      {"iou.coalesce", iou_coalesce, NULL},
      {"udmabuf.pin", probe, &udmabuf},
      {"gup_test.longterm", gup_test_longterm, NULL},
      {"secretmem", secretmem, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
