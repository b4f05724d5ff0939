// SPDX-License-Identifier: GPL-2.0
// VFIO keeps pages pinned until its last file is closed, by exit or SIGKILL, including files inherited by a
// child.
#include <linux/vfio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buffers.h"
#include "ktap.h"
#include "pins.h"
#include "proc.h"
#include "vfio.h"

enum { pages = 16, limit_ms = 20000, both = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE };

static void close_files(const void* arg) {
  (void)arg;
  struct vfio vfio;
  struct buffer buffer;
  struct pins before;
  if (vfio_open(&vfio) && buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes()) && pins_begin(&before)) {
    int error = vfio_map(&vfio, buffer.addr, buffer.size, VFIO_IOVA, both);
    if (error) ktap_fail("VFIO_IOMMU_MAP_DMA: %s", strerror(error));
    vfio_expect_held(&vfio, &before, pages);
    // Memory that is gone from the process is still the device's.
    buffer_put(&buffer);
    pins_expect(&before, 0, 0);
    vfio_close(&vfio);
    pins_expect(&before, 0, pages);
  }
  vfio_close(&vfio);
}

struct end {
  enum buffer_kind kind;
  bool killed;
};

static void live_and_end(const struct end* end, const struct rendezvous* ready, const struct rendezvous* go) {
  struct vfio vfio;
  struct buffer buffer;
  if (!vfio_open(&vfio) || !buffer_get(&buffer, end->kind, pages * page_bytes())) _exit(1);
  if (vfio_map(&vfio, buffer.addr, buffer.size, VFIO_IOVA, both)) _exit(2);
  rendezvous_send(ready, 1);
  if (end->killed) rendezvous_linger(go, limit_ms);
  _exit(0);
}

// vfio_open() says in the child what is missing; here it has to be known before.
static bool usable(void) {
  struct vfio vfio;
  bool good = vfio_open(&vfio);
  vfio_close(&vfio);
  return good;
}

static void ends(const void* arg) {
  const struct end* end = arg;
  struct rendezvous ready, go;
  struct pins before;
  unsigned char byte;
  long huge_before = hugetlb_free();
  if (!usable() || !rendezvous_open(&ready) || !rendezvous_open(&go) || !pins_begin(&before)) return;
  pid_t child = proc_fork();
  if (child < 0) return;
  if (child == 0) live_and_end(end, &ready, &go);
  bool up = rendezvous_wait(&ready, &byte, limit_ms) || ktap_fail("the child maps nothing");
  if (up && end->killed) {
    kill(child, SIGKILL);
    siginfo_t info;
    waitid(P_PID, (id_t)child, &info, WEXITED);
  } else if (proc_reap(child, limit_ms) != 0) {
    ktap_fail("the child could not map");
  }
  long long all = end->kind == BUFFER_HUGETLB ? (long long)(hugetlb_bytes() / page_bytes()) : pages;
  pins_expect_at_least(&before, all, 0);
  if (end->kind == BUFFER_HUGETLB) hugetlb_expect_free(huge_before);
  rendezvous_close(&ready);
  rendezvous_close(&go);
}

// A child has the files of its parent, who closes his.
static void inherited(const void* arg) {
  (void)arg;
  struct vfio vfio;
  struct buffer buffer;
  struct pins before;
  struct rendezvous go;
  if (vfio_open(&vfio) && rendezvous_open(&go) && buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes()) &&
      pins_begin(&before)) {
    int error = vfio_map(&vfio, buffer.addr, buffer.size, VFIO_IOVA, both);
    if (error) ktap_fail("VFIO_IOMMU_MAP_DMA: %s", strerror(error));
    vfio_expect_held(&vfio, &before, pages);
    pid_t child = proc_fork();
    if (child == 0) {
      rendezvous_linger(&go, limit_ms);
      _exit(0);
    }
    vfio_close(&vfio);
    pins_expect(&before, 0, 0);
    rendezvous_send(&go, 1);
    if (child > 0 && proc_reap(child, limit_ms) != 0) ktap_fail("the child did not end by itself");
    pins_expect(&before, 0, pages);
    buffer_put(&buffer);
    rendezvous_close(&go);
  }
  vfio_close(&vfio);
}

int main(void) {
  static const struct end plain = {BUFFER_PAGES, false}, killed = {BUFFER_PAGES, true},
                          hugetlb = {BUFFER_HUGETLB, true};
  static const struct ktap_case cases[] = {
      {"close", close_files, NULL},     {"exit", ends, &plain},         {"kill", ends, &killed},
      {"kill_hugetlb", ends, &hugetlb}, {"inherited", inherited, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
