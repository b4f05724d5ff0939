// SPDX-License-Identifier: GPL-2.0
// Passthrough with a separate metadata buffer, on a namespace with 8 bytes of metadata per block.
#include <string.h>

#include "buffers.h"
#include "ktap.h"
#include "nvme.h"
#include "pins.h"
#include "ring.h"

enum { untouched = 0x5a };

struct meta_case {
  enum buffer_kind kind;
  int blocks_pages;  // data: that many pages
  int meta_offset;   // into the page; the metadata may run into the next
  bool uring;
};

static int submit(const struct meta_case* c, const struct nvme_io* io) {
  struct nvme nvme;
  struct ring ring;
  int status = -1;
  if (!nvme_open(&nvme, DRIVE_META, 1, c->uring)) return -1;
  if (!c->uring) {
    status = nvme_io_cmd(&nvme, io);
  } else if (ring_open(&ring, 4, nvme_ring_flags)) {
    status = nvme_uring_cmd(&nvme, &ring, io, false);
    ring_close(&ring);
  }
  nvme_close(&nvme);
  return status;
}

static bool measure(const struct meta_case* c, struct nvme_io* io, bool write) {
  struct pins before;
  long long data = caps_dio_passthru() == MODE_PIN ? (long long)pages_spanned(io->addr, io->length) : 0;
  long long meta = caps_passthru_meta() == MODE_PIN ? (long long)pages_spanned(io->meta, io->meta_length) : 0;
  io->write = write;
  if (!pins_begin(&before)) return false;
  int status = submit(c, io);
  if (status != 0) ktap_fail("the %s gave %d", write ? "write" : "read", status);
  return pins_expect(&before, data + meta, data + meta) && status == 0;
}

// Writes data and metadata, forgets both, reads both back.
static void there_and_back(const struct meta_case* c, const struct buffer* data, const struct buffer* meta) {
  static unsigned seed = 900;
  size_t length = (size_t)c->blocks_pages * page_bytes();
  size_t meta_length = length / 512 * nvme_meta_per_block;
  unsigned char* meta_at = meta->addr + c->meta_offset;
  struct nvme_io io = {.addr = data->addr, .length = length, .meta = meta_at, .meta_length = meta_length};
  ++seed;
  pattern_fill(data->addr, length, seed, 0);
  pattern_fill(meta_at, meta_length, seed + 1000, 0);
  if (!measure(c, &io, true)) return;
  memset(data->addr, untouched, data->size);
  memset(meta->addr, untouched, meta->size);
  if (!measure(c, &io, false)) return;
  KTAP_REQUIRE(pattern_check(data->addr, length, seed, 0) < 0, "the data read back is wrong");
  KTAP_REQUIRE(pattern_check(meta_at, meta_length, seed + 1000, 0) < 0, "the metadata read back is wrong");
  KTAP_REQUIRE(meta_at[meta_length] == untouched, "the byte after the metadata was written");
}

static void data_and_metadata(const void* arg) {
  const struct meta_case* c = arg;
  struct buffer data, meta;
  struct nvme nvme;
  long huge_before = hugetlb_free();
  if (!nvme_open(&nvme, DRIVE_META, 1, c->uring)) return;
  size_t lba = nvme.lba_bytes;
  nvme_close(&nvme);
  KTAP_REQUIRE(lba == 512, "blocks of %zu bytes", lba);
  if (caps_passthru_meta() == MODE_UNKNOWN) {
    if (!ktap_failed()) ktap_fail("a command with metadata does not work");
    return;
  }
  if (!buffer_get(&data, c->kind, (size_t)c->blocks_pages * page_bytes())) return;
  if (buffer_get(&meta, c->kind, 4 * page_bytes())) {
    there_and_back(c, &data, &meta);
    if (c->kind == BUFFER_MEMFD) buffer_seal(&meta);
    buffer_put(&meta);
  }
  if (c->kind == BUFFER_MEMFD) buffer_seal(&data);
  buffer_put(&data);
  if (c->kind == BUFFER_HUGETLB) hugetlb_expect_free(huge_before);
}

int main(void) {
  static const struct meta_case one = {BUFFER_PAGES, 1, 0, false}, many = {BUFFER_PAGES, 16, 64, false};
  static const struct meta_case unaligned = {BUFFER_PAGES, 2, 2, false}, ring = {BUFFER_PAGES, 16, 64, true};
  static const struct meta_case memfd = {BUFFER_MEMFD, 16, 64, false}, huge = {BUFFER_HUGETLB, 16, 64, false};
  static struct meta_case across;
  across = (struct meta_case){BUFFER_PAGES, 16, (int)page_bytes() - 8, false};
  static const struct ktap_case cases[] = {
      {"1_page", data_and_metadata, &one},
      {"16_pages", data_and_metadata, &many},
      {"16_pages_metadata_in_two_pages", data_and_metadata, &across},
      {"2_pages_metadata_at_2", data_and_metadata, &unaligned},
      {"16_pages_uring", data_and_metadata, &ring},
      {"memfd_16_pages", data_and_metadata, &memfd},
      {"hugetlb_16_pages", data_and_metadata, &huge},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
