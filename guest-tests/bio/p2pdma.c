// SPDX-License-Identifier: GPL-2.0
// Direct I/O with device memory: pages of an NVMe controller memory buffer, mapped from sysfs, which only
// queues of drives that can reach that memory may pin (FOLL_PCI_P2PDMA).
//
// Oracle without counters: released pages can be allocated again (p2pmem/available).
#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffers.h"
#include "clock.h"
#include "devices.h"
#include "drive.h"
#include "ktap.h"
#include "loop.h"
#include "patience.h"
#include "pins.h"
#include "uring.h"

#define DRIVE_CMB "pin-cmb"

enum { seed = 130, pages = 4 };
static const off_t offset = 1 << 20;

struct memory {
  char folder[300];  // .../p2pmem of the controller
  unsigned char* addr;
  size_t size;
  long available;  // bytes before we took ours
};

static long available(const struct memory* memory) {
  char path[320], text[32] = "";
  snprintf(path, sizeof(path), "%s/available", memory->folder);
  FILE* file = fopen(path, "re");
  if (file && !fgets(text, sizeof(text), file)) text[0] = '\0';
  if (file) fclose(file);
  return text[0] ? atol(text) : -1;
}

static bool memory_get(struct memory* memory) {
  char drive[300], path[320];
  if (!device_find(DRIVE_CMB, 1, drive, sizeof(drive)) || !realpath(drive, path))
    return ktap_skip("the machine has no NVMe drive with serial %s", DRIVE_CMB);
  // The namespace's parent is its controller, whose device is the PCI function.
  snprintf(memory->folder, sizeof(memory->folder), "/sys/class/block/%.40s/device/device/p2pmem",
           strrchr(path, '/') + 1);
  memory->available = available(memory);
  if (memory->available < 0)
    return ktap_skip("%s: no memory of the drive is available (PCI_P2PDMA)", memory->folder);
  snprintf(path, sizeof(path), "%s/allocate", memory->folder);
  int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return ktap_skip("%s: %s (since Linux 6.2)", path, strerror(errno));
  memory->size = pages * page_bytes();
  memory->addr = mmap(NULL, memory->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  int error = errno;
  close(fd);
  return memory->addr != MAP_FAILED || ktap_fail("mapping memory of the drive: %s", strerror(error));
}

static void memory_put(struct memory* memory) {
  munmap(memory->addr, memory->size);
  long long end = clock_ms() + patience_scaled(1000);
  while (available(memory) != memory->available && clock_ms() < end) sleep_ms(10);
  long now = available(memory);
  if (now != memory->available)
    ktap_fail("%ld bytes of the drive's memory are free, %ld were before", now, memory->available);
}

static int open_cmb(int flags) { return device_open(DRIVE_CMB, 1, flags); }

// The drive whose own memory it is.
static void own_drive(const void* arg) {
  bool write = arg != NULL;
  struct target target = drive_raw;
  struct memory memory;
  struct pins before;
  target.open = open_cmb;
  target.offset = offset;
  long long counted = drive_pages(pages);
  if (counted < 0 || !memory_get(&memory)) return;
  if (write) pattern_fill(memory.addr, memory.size, seed, 0);
  int fd = transfer_store(&target, memory.size, write ? seed + 1 : seed) ? open_cmb(O_RDWR | O_DIRECT) : -1;
  if (fd >= 0 && pins_begin(&before)) {
    ssize_t done =
        write ? pwrite(fd, memory.addr, memory.size, offset) : pread(fd, memory.addr, memory.size, offset);
    if (done != (ssize_t)memory.size)
      ktap_fail("%zd of %zu bytes: %s", done, memory.size, done < 0 ? strerror(errno) : "short");
    // GUP-fast drops the first page at once, because it has no mapping to check (folio_fast_pin_allowed()).
    pins_expect_at_least(&before, counted, 0);
    long bad = write ? -1 : pattern_check(memory.addr, memory.size, seed, 0);
    if (bad >= 0) ktap_fail("wrong data at byte %ld", bad);
    if (write && !ktap_failed()) transfer_compare(&target, memory.size, seed);
  }
  if (fd >= 0) close(fd);
  memory_put(&memory);
}

static void refused(struct memory* memory, int fd) {
  struct pins before;
  if (!pins_begin(&before)) return;
  ssize_t done = pread(fd, memory->addr, memory->size, 0);
  int error = errno;
  ktap_note("a read into it gives %zd: %s", done, done < 0 ? strerror(error) : "not refused");
  pins_expect_at_least(&before, 0, 0);
  if (done >= 0 || (error != EREMOTEIO && error != EFAULT && error != EINVAL))
    ktap_fail("a drive that cannot reach it accepted it");
}

// A drive behind the same host bridge, which is not known to forward such requests (pci_p2pdma_whitelist).
static void other_drive(const void* arg) {
  (void)arg;
  struct memory memory;
  int fd = device_open(DRIVE_RAW, 1, O_RDONLY | O_DIRECT);
  if (fd < 0) return;
  if (memory_get(&memory)) {
    refused(&memory, fd);
    memory_put(&memory);
  }
  close(fd);
}

// A queue that does not do peer-to-peer at all: the pages must not even be pinned for it.
static void loop_device(const void* arg) {
  (void)arg;
  struct memory memory;
  struct loop loop = {.fd = -1};
  int file = memfd_create("pinrig", MFD_CLOEXEC);
  if (ftruncate(file, 1 << 20) == 0 && loop_open(&loop, file, 0) && memory_get(&memory)) {
    int fd = open(loop.path, O_RDONLY | O_DIRECT | O_CLOEXEC);
    if (fd >= 0) refused(&memory, fd);
    if (fd >= 0) close(fd);
    memory_put(&memory);
  }
  loop_close(&loop);
  close(file);
}

static void longterm(const void* arg) {
  (void)arg;
  struct memory memory;
  struct pins before;
  int ring = uring_open();
  if (ring >= 0 && memory_get(&memory)) {
    if (pins_begin(&before)) {
      int error = uring_register(ring, memory.addr, memory.size);
      ktap_note("registering it as a fixed buffer gives %s", strerror(-error));
      if (error == 0) ktap_fail("device memory was pinned long-term");
      pins_expect_at_least(&before, 0, 0);
    }
    memory_put(&memory);
  }
  if (ring >= 0) close(ring);
}

int main(void) {
  static const struct ktap_case cases[] = {
      {"read_into_own_memory", own_drive, NULL},  {"write_from_own_memory", own_drive, "write"},
      {"other_drive_refused", other_drive, NULL}, {"loop_refused", loop_device, NULL},
      {"longterm_refused", longterm, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
