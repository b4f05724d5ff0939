// SPDX-License-Identifier: GPL-2.0
// What VFIO pins is charged to the process as locked memory (VmLck), limited by RLIMIT_MEMLOCK for
// unprivileged users, and all of it is uncharged, also of a mapping that failed half way.
#include <errno.h>
#include <linux/vfio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "buffers.h"
#include "ktap.h"
#include "pins.h"
#include "proc.h"
#include "vfio.h"

enum { pages = 16, limit_ms = 20000, both = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE };

static void charged(const void* arg) {
  (void)arg;
  struct vfio vfio;
  struct buffer buffer;
  size_t undone;
  if (vfio_open(&vfio) && buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes())) {
    long start = proc_status_kib("VmLck"), all = (long)(buffer.size / 1024);
    for (int i = 0; i < 3 && !ktap_failed(); ++i) {
      int error = vfio_map(&vfio, buffer.addr, buffer.size, VFIO_IOVA, both);
      if (error) ktap_fail("VFIO_IOMMU_MAP_DMA: %s", strerror(error));
      pins_claim_at_least(pages);
      long now = proc_status_kib("VmLck");
      if (now != start + all) ktap_fail("VmLck went from %ld to %ld kB, want %ld more", start, now, all);
      if (vfio_unmap(&vfio, VFIO_IOVA, buffer.size, &undone)) ktap_fail("it is not unmapped");
      if (proc_status_kib("VmLck") != start) ktap_fail("VmLck does not return to %ld kB", start);
    }
    buffer_put(&buffer);
  }
  vfio_close(&vfio);
}

// Half of the buffer may be locked: all of it is refused, one half goes, the other then not, and after giving
// back it does.
static int live_within_limit(const struct vfio* vfio, const struct buffer* buffer) {
  const size_t half = buffer->size / 2;
  const struct rlimit limit = {half, half};
  const uint64_t second = VFIO_IOVA + buffer->size;
  size_t undone;
  if (setrlimit(RLIMIT_MEMLOCK, &limit) < 0) return 4;
  proc_drop_ipc_lock();
  if (vfio_map(vfio, buffer->addr, 2 * half, VFIO_IOVA, both) != ENOMEM) return 1;
  if (vfio_map(vfio, buffer->addr, half, VFIO_IOVA, both)) return 2;
  if (vfio_map(vfio, buffer->addr + half, half, second, both) != ENOMEM) return 3;
  if (vfio_unmap(vfio, VFIO_IOVA, half, &undone) || vfio_map(vfio, buffer->addr + half, half, second, both))
    return 5;
  return 0;
}

static void limit(const void* arg) {
  (void)arg;
  struct vfio vfio;
  struct buffer buffer;
  struct pins before;
  static const char* const steps[] = {"",
                                      "beyond the limit: not ENOMEM",
                                      "within the limit: refused",
                                      "beyond the rest of the limit: not ENOMEM",
                                      "cannot set the limit",
                                      "after release: refused"};
  bool usable = vfio_open(&vfio);
  vfio_close(&vfio);
  if (!usable || !pins_begin(&before)) return;
  pid_t child = proc_fork();
  if (child == 0) {
    if (!vfio_open(&vfio) || !buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes())) _exit(4);
    _exit(live_within_limit(&vfio, &buffer));
  }
  int code = child < 0 ? -1 : proc_reap(child, limit_ms);
  if (code > 0 && code < 6) ktap_fail("%s", steps[code]);
  pins_expect_at_least(&before, pages, 0);
}

int main(void) {
  static const struct ktap_case cases[] = {{"charged", charged, NULL}, {"limit_is_kept", limit, NULL}};
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
