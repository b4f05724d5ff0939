// SPDX-License-Identifier: GPL-2.0
// Legacy direct I/O (fs/direct-io.c), on vfat: where it pins, each submitted page section has two references
// of folio_add_pin() that mm/gup.c does not count, while it counts their release. Released is then acquired
// plus twice the sections: not a leak, but the number must be known exactly, or it could hide a real one.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "buffers.h"
#include "caps.h"
#include "ktap.h"
#include "pins.h"
#include "vfat.h"

enum { seed = 12, file_pages = 32, sector = 512 };

struct operation {
  bool write;
  int segments, bytes;  // so many iovecs of so many bytes, 0 bytes: whole pages
  int start_pages;      // in the file
  int mapped_pages;     // of the memory, 0: all
  int result_pages;     // that are transferred, 0: all
  int pinned, sections;
};

static struct vfat vfat = {.loop = {.fd = -1}};
static char path[64];

// How it is done here and by how many pages a section is off.
static enum pin_mode probe(long long* per_section) {
  static enum pin_mode known = MODE_UNKNOWN;
  static long long skew;
  if (known == MODE_UNKNOWN) {
    int fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
    known = fd < 0 ? MODE_UNKNOWN : caps_probe_read(fd, &skew);
    if (fd >= 0) close(fd);
    if (known == MODE_PIN) pins_claim_exact(1);
    if (skew == 2) pins_claim_skew(1);
    if (known != MODE_UNKNOWN) known = caps_announce("dio.legacy", known);
    if (skew != 0 && skew != 2)
      ktap_fail("one page read: %lld more released than acquired, want 0 or 2", skew);
  }
  *per_section = skew;
  return known;
}

// A file of `file_pages` pages of pattern.
static bool prepare(void) {
  static bool made;
  struct buffer data;
  if (made) return true;
  if (!pins_available() || !vfat_open(&vfat)) return false;
  snprintf(path, sizeof(path), "%s/file", vfat.target);
  int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (!buffer_get(&data, BUFFER_PAGES, file_pages * page_bytes())) return false;
  pattern_fill(data.addr, data.size, seed, 0);
  made = fd >= 0 && write(fd, data.addr, data.size) == (ssize_t)data.size && fsync(fd) == 0;
  if (!made) ktap_fail("%s: %s", path, strerror(errno));
  if (fd >= 0) close(fd);
  buffer_put(&data);
  return made;
}

static void carry_out(const struct operation* op, int fd, struct buffer* buffer, enum pin_mode mode,
                      long long per_section) {
  struct iovec vec[8];
  struct pins before;
  size_t segment = op->bytes ? (size_t)op->bytes : buffer->size, length = segment * (size_t)op->segments;
  size_t want = op->result_pages ? (size_t)op->result_pages * page_bytes() : length;
  off_t at = (off_t)((size_t)op->start_pages * page_bytes());
  for (int i = 0; i < op->segments; ++i) vec[i] = (struct iovec){buffer->addr + (size_t)i * segment, segment};
  if (op->write) pattern_fill(buffer->addr, length, seed, (size_t)at);
  if (op->mapped_pages)
    mprotect(buffer->addr + (size_t)op->mapped_pages * page_bytes(),
             buffer->size - (size_t)op->mapped_pages * page_bytes(), PROT_NONE);
  if (!pins_begin(&before)) return;
  ssize_t done = op->write ? pwritev(fd, vec, op->segments, at) : preadv(fd, vec, op->segments, at);
  if (done != (ssize_t)want)
    ktap_fail("%zd bytes, want %zu: %s", done, want, done < 0 ? strerror(errno) : "");
  if (mode == MODE_PIN) {
    pins_expect(&before, op->pinned, op->pinned + per_section * op->sections);
    if (per_section) pins_claim_skew(op->sections);
  } else {
    pins_expect(&before, 0, 0);
  }
  long bad = op->write || done < 0 ? -1 : pattern_check(buffer->addr, (size_t)done, seed, (size_t)at);
  if (bad >= 0) ktap_fail("wrong data at byte %ld", bad);
}

static void operate(const void* arg) {
  const struct operation* op = arg;
  struct buffer buffer;
  long long per_section = 0;
  enum pin_mode mode = prepare() ? probe(&per_section) : MODE_UNKNOWN;
  size_t size = op->bytes ? (size_t)op->bytes * (size_t)op->segments : 16 * page_bytes();
  if (mode == MODE_UNKNOWN || !buffer_get(&buffer, BUFFER_MEMFD, size)) return;
  int fd = open(path, (op->write ? O_WRONLY : O_RDONLY) | O_DIRECT | O_CLOEXEC);
  if (fd < 0) ktap_fail("%s: %s", path, strerror(errno));
  if (fd >= 0) {
    carry_out(op, fd, &buffer, mode, per_section);
    close(fd);
  }
  buffer_seal(&buffer);
  buffer_put(&buffer);
}

int main(void) {
  static const struct operation read_16 = {false, 1, 0, 0, 0, 0, 16, 16},
                                write_16 = {true, 1, 0, 0, 0, 0, 16, 16};
  static const struct operation one_page = {false, 8, sector, 0, 0, 0, 8, 1};
  static const struct operation at_end = {false, 1, 0, file_pages - 1, 0, 1, 16, 1};
  static const struct operation half = {false, 1, 0, 0, 8, 8, 8, 8};
  static const struct ktap_case cases[] = {
      {"read_16_pages", operate, &read_16},           {"write_16_pages", operate, &write_16},
      {"read_8x512_in_one_page", operate, &one_page}, {"read_across_end_of_file", operate, &at_end},
      {"read_half_unmapped", operate, &half},
  };
  int code = ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
  vfat_close(&vfat);
  return code;
}
