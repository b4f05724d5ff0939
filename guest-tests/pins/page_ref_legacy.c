// SPDX-License-Identifier: GPL-2.0
// Legacy direct I/O (fs/direct-io.c), on vfat, holds each page three times. If it pins, the counters miss two
// of the acquisitions (folio_add_pin()) but see all three releases: pins/skew has the numbers. The page_ref
// events see all of it, and that the apparent over-release is none.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "buffers.h"
#include "caps.h"
#include "ktap.h"
#include "page_ref.h"
#include "pins.h"
#include "vfat.h"

enum { pages = 16, times = 3 };

// What the counters say, which is half of it. Whether it pins is found out by them: *pin.
static void judge_counters(const struct pins* before, bool* pin) {
  struct pins after = *before;
  if (!pins_rest(&after)) return;
  long long acquired = after.acquired - before->acquired, released = after.released - before->released;
  *pin = caps_announce("dio.legacy", released > 0 ? MODE_PIN : MODE_GET) == MODE_PIN;
  pins_claim_exact(*pin ? pages : 0);
  if (released > acquired) pins_claim_skew(pages);
  ktap_note("pins acq=%+lld rel=%+lld", acquired, released);
}

static void transfer(int fd, struct buffer* buffer, bool write) {
  struct page_ref watch;
  struct pins before;
  bool pin = false;
  if (!page_ref_begin(&watch, buffer, BUFFER_PAGES)) return;
  if (pins_begin(&before)) {
    ssize_t done =
        write ? pwrite(fd, buffer->addr, buffer->size, 0) : pread(fd, buffer->addr, buffer->size, 0);
    if (done != (ssize_t)buffer->size)
      ktap_fail("%zd of %zu bytes: %s", done, buffer->size, done < 0 ? strerror(errno) : "");
    judge_counters(&before, &pin);
    long long each = times * page_ref_each(&watch, pin);
    page_ref_expect(&watch, each, each);
  }
  page_ref_end(&watch);
}

static void legacy(const void* arg) {
  struct vfat vfat;
  struct buffer buffer;
  char path[64];
  if (vfat_open(&vfat) && buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes())) {
    snprintf(path, sizeof(path), "%s/file", vfat.target);
    // Direct writes do not extend a file here.
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    bool good = fd >= 0 && write(fd, buffer.addr, buffer.size) == (ssize_t)buffer.size && fsync(fd) == 0 &&
                fcntl(fd, F_SETFL, O_DIRECT) == 0;
    if (good)
      transfer(fd, &buffer, arg != NULL);
    else
      ktap_fail("%s: %s", path, strerror(errno));
    if (fd >= 0) close(fd);
    buffer_put(&buffer);
  }
  vfat_close(&vfat);
}

int main(void) {
  static const struct ktap_case cases[] = {
      {"read_16_pages", legacy, NULL},
      {"write_16_pages", legacy, "write"},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
