// SPDX-License-Identifier: GPL-2.0
#include "scsi_pieces.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "devices.h"
#include "ktap.h"
#include "nvme.h"
#include "pins.h"

const struct target scsi_target = {
    .open = scsi_open_block, .mode = caps_dio_passthru, .drop_cache = device_drop_cache, .offset = 4 << 20};

// Is there a disk? Hosts may want memory aligned to a whole cache line.
static bool usable(const struct pieces* pieces) {
  int fd = scsi_open_block(O_RDONLY);
  if (fd < 0) return false;
  close(fd);
  long mask = scsi_queue_attribute("dma_alignment");
  for (int i = 0; i < pieces->count && !pieces->copied; ++i)
    if (mask > 0 && pieces->at[i].offset & mask)
      return ktap_skip("the disk requires memory aligned to %ld bytes", mask + 1);
  return true;
}

static void measure(const struct scsi_case* c, const struct scsi_io* io, long long pages) {
  struct scsi scsi;
  struct pins before;
  int repeat = c->repeat ? c->repeat : 1;
  if (!scsi_open(&scsi, c->node)) return;
  if (pins_begin(&before)) {
    for (int i = 0; i < repeat && !ktap_failed(); ++i) {
      int status = scsi_transfer(&scsi, io, NULL);
      if (status != 0)
        ktap_fail("the command gave %d (%s)", status, status < 0 ? strerror(-status) : "SCSI status");
    }
    long long want = c->pieces->copied || caps_dio_passthru() != MODE_PIN ? 0 : pages * repeat;
    pins_expect(&before, want, want);
  }
  scsi_close(&scsi);
}

void scsi_pieces_case(const void* arg) {
  static unsigned seed = 1100;
  const struct scsi_case* c = arg;
  struct buffer buffer;
  struct iovec vec[pieces_most];
  long long pages;
  if (caps_dio_passthru() == MODE_UNKNOWN || !usable(c->pieces)) return;
  long huge_before = hugetlb_free();
  if (!buffer_get(&buffer, c->pieces->kind, pieces_extent(c->pieces))) return;
  size_t total = pieces_lay_out(c->pieces, &buffer, vec, &pages);
  struct scsi_io io = {
      .write = c->write, .addr = vec, .vectors = (unsigned)c->pieces->count, .offset = scsi_target.offset};
  if (c->flat) {
    io.addr = vec[0].iov_base;
    io.length = vec[0].iov_len;
    io.vectors = 0;
  }
  ++seed;
  if (c->write) pieces_fill(vec, c->pieces->count, seed);
  if (c->write || transfer_store(&scsi_target, total, seed)) measure(c, &io, pages);
  if (!ktap_failed()) {
    if (c->write)
      transfer_compare(&scsi_target, total, seed);
    else
      pieces_check(vec, c->pieces->count, seed);
  }
  if (c->pieces->kind == BUFFER_MEMFD) buffer_seal(&buffer);
  buffer_put(&buffer);
  if (c->pieces->kind == BUFFER_HUGETLB) hugetlb_expect_free(huge_before);
}
