// SPDX-License-Identifier: GPL-2.0
// Direct I/O in huge pages at odd offsets: parts of one, its last sector, across two of them. The bio has one
// segment if possible, and must release as many base pages as it took (__bio_release_pages), no matter where
// in the folio they are. Without counters: hugetlb pages go back to their pool.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "buffers.h"
#include "drive.h"
#include "ktap.h"
#include "pins.h"

enum { sector = 512, seed = 140, huge_pages = 2, max_cases = 40 };

struct place {
  const char* name;
  int huge, pages, sectors;  // where it starts: in huge pages, base pages and sectors; each may be negative
  int huge_long, pages_long, sectors_long;
};

static const struct place places[] = {
    {"first_sector", 0, 0, 0, 0, 0, 1},
    {"last_sector", 1, 0, -1, 0, 0, 1},
    {"second_page", 0, 1, 0, 0, 1, 0},
    {"3_pages_at_2048", 0, 0, 4, 0, 3, 0},
    {"17_pages_from_page_end", 0, 5, -1, 0, 17, 0},
    {"all_but_a_sector_at_each_end", 0, 0, 1, 1, 0, -2},
    {"across_2_huge_pages", 1, 0, -1, 0, 0, 2},
    {"34_pages_across_2_huge_pages", 1, -17, 1, 0, 34, 0},
    {"one_huge_page_across_2", 0, 1, 1, 1, 0, 0},
    {"2_huge_pages", 0, 0, 0, 2, 0, 0},
};
enum { place_count = sizeof(places) / sizeof(places[0]) };

struct transfer {
  const struct place* place;
  enum buffer_kind kind;
  bool write;
  char name[64];
};

static bool check_around(const struct buffer* buffer, const unsigned char* start, size_t length) {
  for (const unsigned char* at = buffer->addr; at < buffer->addr + buffer->size; ++at) {
    if (at == start) at += length;
    if (at < buffer->addr + buffer->size && *at != 0x5a)
      return ktap_fail("byte %td of the buffer was written, but must not be", at - buffer->addr);
  }
  return true;
}

static void move(const struct transfer* transfer, const struct buffer* buffer, int fd, unsigned char* start,
                 size_t length) {
  struct pins before;
  long long pages = drive_pages((long long)pages_spanned(start, length));
  if (transfer->write) pattern_fill(start, length, seed + 1, 0);
  if (!pins_begin(&before)) return;
  ssize_t done = transfer->write ? pwrite(fd, start, length, drive_raw.offset)
                                 : pread(fd, start, length, drive_raw.offset);
  if (done != (ssize_t)length)
    ktap_fail("%zd of %zu bytes: %s", done, length, done < 0 ? strerror(errno) : "short");
  if (!pins_expect(&before, pages, pages)) return;
  if (transfer->write) {
    transfer_compare(&drive_raw, length, seed + 1);
    return;
  }
  long bad = pattern_check(start, length, seed, 0);
  if (bad >= 0) ktap_fail("wrong data at byte %ld", bad);
  check_around(buffer, start, length);
}

static void run_transfer(const void* arg) {
  const struct transfer* transfer = arg;
  const struct place* place = transfer->place;
  struct buffer buffer;
  size_t huge = transfer->kind == BUFFER_THP ? thp_bytes() : hugetlb_bytes();
  if (drive_pages(1) < 0) return;
  if (huge > 32u << 20) {
    ktap_skip("a huge page of %zu MiB is too large for this test", huge >> 20);
    return;
  }
  long free_before = hugetlb_free();
  if (!buffer_get(&buffer, transfer->kind, huge_pages * huge)) return;
  long start = place->huge * (long)huge + place->pages * (long)page_bytes() + place->sectors * sector;
  long length =
      place->huge_long * (long)huge + place->pages_long * (long)page_bytes() + place->sectors_long * sector;
  int fd = -1;
  if (transfer_store(&drive_raw, (size_t)length, seed))
    fd = drive_raw.open((transfer->write ? O_WRONLY : O_RDONLY) | O_DIRECT);
  if (fd >= 0) {
    move(transfer, &buffer, fd, buffer.addr + start, (size_t)length);
    close(fd);
  }
  buffer_put(&buffer);
  if (transfer->kind == BUFFER_HUGETLB) hugetlb_expect_free(free_before);
}

int main(void) {
  static struct transfer transfers[max_cases];
  static struct ktap_case cases[max_cases];
  size_t count = 0;
  for (int kind = 0; kind < 2; ++kind) {
    for (int write = 0; write < 2; ++write) {
      for (size_t i = 0; i < place_count; ++i, ++count) {
        struct transfer* next = &transfers[count];
        *next = (struct transfer){
            .place = &places[i], .kind = kind ? BUFFER_HUGETLB : BUFFER_THP, .write = write};
        snprintf(next->name, sizeof(next->name), "%s_%s_%s", kind ? "hugetlb" : "thp",
                 write ? "write" : "read", places[i].name);
        cases[count] = (struct ktap_case){next->name, run_transfer, next};
      }
    }
  }
  return ktap_run(cases, count);
}
