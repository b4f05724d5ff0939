// SPDX-License-Identifier: GPL-2.0
#include "contract/nvme_meta_user.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "buffers.h"
#include "contract/nvme_user.h"
#include "ktap.h"
#include "pins.h"

enum { block = 512, most = nvme_meta_user_most };

static struct nvme nvme = {.fd = -1};
static nvme_meta_submit send;
// Each in one huge page, so in few segments: a command has no more than 127 (drivers/nvme/host/pci.c), and
// this much data in base pages that are scattered needs 128.
static struct buffer data;    // of the command under test
static struct buffer others;  // data and metadata of the commands that store and load
static unsigned char* other;

static size_t data_bytes(size_t length) { return length / nvme_meta_per_block * block; }

bool nvme_meta_user_open(bool generic, nvme_meta_submit by) {
  send = by;
  const size_t bytes = data_bytes(most);
  const enum buffer_kind kind = thp_bytes() ? BUFFER_THP : BUFFER_PAGES;
  if (!buffer_get(&others, kind, bytes + most)) return false;
  other = others.addr;
  memset(other, 0, bytes + most);
  if (!nvme_open(&nvme, DRIVE_META, 1, generic)) return false;
  if (nvme.lba_bytes != block) return ktap_fail("the drive has blocks of %zu bytes", nvme.lba_bytes);
  if (!buffer_get(&data, kind, bytes)) return false;
  // Not shared with the children of a case, which is about its own memory: what is copied after fork() would
  // be scattered.
  return (madvise(data.addr, data.size, MADV_DONTFORK) == 0 &&
          madvise(others.addr, others.size, MADV_DONTFORK) == 0) ||
         ktap_fail("madvise: %s", strerror(errno));
}

static int submit(enum way way, void* from, void* meta, size_t length) {
  const struct nvme_io io = {.write = way == WAY_OUT,
                             .addr = from,
                             .length = data_bytes(length),
                             .meta = meta,
                             .meta_length = length};
  return send(&nvme, &io);
}

// A kernel that takes memory that it writes for memory that it only reads writes to the zero page, which all
// processes have: the cases after this one would see that. Zeros get there in the same way.
static void clear_zero_page(void) {
  const size_t length = page_bytes() < most ? page_bytes() : most;
  volatile unsigned char* zero =
      mmap(NULL, page_bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (zero == MAP_FAILED) return;
  size_t at = 0;
  while (at < page_bytes() && zero[at] == 0) ++at;
  if (at < page_bytes()) {
    ktap_note("byte %zu of the zero page was written", at);
    memset(other + data_bytes(most), 0, length);
    if (submit(WAY_OUT, other, other + data_bytes(most), length) != 0 ||
        submit(WAY_IN, other, (void*)zero, length) != 0)
      ktap_note("the zero page stays as it is");
  }
  munmap((void*)zero, page_bytes());
}

void nvme_meta_user_close(void) {
  if (nvme.fd >= 0) clear_zero_page();
  if (data.addr) buffer_put(&data);
  data.addr = NULL;
  nvme_close(&nvme);
  if (others.addr) buffer_put(&others);
  others.addr = other = NULL;
}

long nvme_meta_user_carry(enum way way, void* addr, size_t length) {
  return nvme_user_done(submit(way, data.addr, addr, length), length);
}

bool nvme_meta_user_store(const void* bytes, size_t length) {
  memcpy(other + data_bytes(most), bytes, length);
  return submit(WAY_OUT, other, other + data_bytes(most), length) == 0 || ktap_fail("storing metadata");
}

bool nvme_meta_user_load(void* bytes, size_t length) {
  if (submit(WAY_IN, other, other + data_bytes(most), length) != 0) return ktap_fail("loading metadata");
  memcpy(bytes, other + data_bytes(most), length);
  return true;
}

void nvme_meta_user_counts(enum way way, const void* addr, size_t length, struct user_counts* counts) {
  (void)way;
  if (caps_dio_passthru() == MODE_PIN)
    counts->acquired += (long long)pages_spanned(data.addr, data_bytes(length));
  if (caps_passthru_meta() == MODE_PIN) counts->acquired += (long long)pages_spanned(addr, length);
}
