// SPDX-License-Identifier: GPL-2.0
#include "split.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "buffers.h"
#include "devices.h"
#include "drive.h"
#include "ktap.h"
#include "pins.h"

enum { pages = 256 };

bool split_attribute(const char* attribute, char path[PATH_MAX]) {
  char device[300], real[PATH_MAX];
  if (!device_find(DRIVE_RAW, 1, device, sizeof(device)) || !realpath(device, real)) return false;
  return snprintf(path, PATH_MAX, "/sys/class/block/%s/%s", strrchr(real, '/') + 1, attribute) < PATH_MAX;
}

// Requests that the drive has answered, or -1.
static long requests(void) {
  char file[PATH_MAX];
  long reads = 0, writes = 0;
  FILE* in = split_attribute("stat", file) ? fopen(file, "re") : NULL;
  if (!in) return -1;
  bool good = fscanf(in, "%ld %*d %*d %*d %ld", &reads, &writes) == 2;
  fclose(in);
  return good ? reads + writes : -1;
}

void split_becomes_many(const void* arg) {
  const struct split* split = arg;
  struct buffer buffer;
  size_t length = pages * page_bytes();
  if (drive_pages(1) < 0 || !buffer_get(&buffer, BUFFER_PAGES, length)) return;
  int fd = split->target->open(O_RDONLY | O_DIRECT);
  if (fd >= 0) {
    long before = requests();
    ssize_t done = pread(fd, buffer.addr, length, split->target->offset);
    if (done != (ssize_t)length)
      ktap_fail("reading gave %zd: %s", done, done < 0 ? strerror(errno) : "short");
    pins_claim_exact(drive_pages(pages));
    long after = requests(), least = (long)(length / split->piece());
    ktap_note("%zd bytes were read in %ld requests", done, after - before);
    if (before < 0 || after < 0) ktap_fail("cannot read the drive's request count");
    if (after - before < least) ktap_fail("the transfer was not split: there should be %ld", least);
    close(fd);
  }
  buffer_put(&buffer);
}

bool split_wanted(const struct shape* shape) { return shape->pages > 1 || shape->segments != 1; }
