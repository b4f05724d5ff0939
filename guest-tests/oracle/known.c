// SPDX-License-Identifier: GPL-2.0
// Legacy direct I/O of kernels whose folio_add_pin() does not count (6.12, mm/gup.c) releases more pages than
// it acquires. Other tests say so (pins_claim_skew()); this one does not, and is a known issue for that.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "buffers.h"
#include "ktap.h"
#include "vfat.h"

enum { pages = 16 };

static void read_directly(const char* dir, struct buffer* buffer) {
  char path[64];
  snprintf(path, sizeof(path), "%s/oracle", dir);
  int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0 || write(file, buffer->addr, buffer->size) != (ssize_t)buffer->size || fsync(file) != 0)
    ktap_fail("%s: %s", path, strerror(errno));
  if (file >= 0) close(file);
  file = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
  if (file < 0 || pread(file, buffer->addr, buffer->size, 0) != (ssize_t)buffer->size)
    ktap_fail("a direct read of %s: %s", path, strerror(errno));
  if (file >= 0) close(file);
}

static void reads(const void* arg) {
  (void)arg;
  struct buffer buffer;
  struct vfat vfat;
  if (!buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes())) return;
  if (vfat_open(&vfat)) read_directly(vfat.target, &buffer);
  vfat_close(&vfat);
  buffer_put(&buffer);
}

int main(void) {
  static const struct ktap_case cases[] = {{"reads_16_pages", reads, NULL}};
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
