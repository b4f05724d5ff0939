// SPDX-License-Identifier: GPL-2.0
// A driver writes through iommufd into a page of a file that another process has mapped. Between pin and copy
// the page is written back: it is clean then, and has to be dirty again when the data is there, or the data
// is lost with the page (drivers/iommu/iommufd/pages.c, iopt_pages_rw_page(), copy_data_page()).
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "contract/obligations.h"
#include "held_cpu.h"
#include "iommufd.h"
#include "iommufd_scene.h"
#include "ktap.h"
#include "proc.h"
#include "vfio.h"

enum { stale_seed = 126, fresh_seed = 127, bytes = 2000, step_ms = 20000, end_ms = 60000 };

// Where the driver's write begins, where it has pinned the page and unlocks the other process's memory, and
// where the page has been written back.
static const char pins[] = "pin_user_pages_remote", pinned[] = "up_read", behind[] = "ksys_unshare";

struct race {
  struct remote remote;
  struct rendezvous write, back, ready;
};

static bool put(struct race* r, unsigned seed) {
  unsigned char data[bytes];
  pattern_fill(data, bytes, seed, 0);
  const int error = iommufd_access_rw(r->remote.fd, r->remote.access, VFIO_IOVA, data, bytes,
                                      IOMMUFD_RW_SLOW | IOMMUFD_RW_WRITE);
  return error == 0 || ktap_fail("the driver's write: %s", strerror(error));
}

// Processes of their own, in which the file is not mapped: nobody waits for them when its entries change.
static pid_t start(struct race* r, int cpu, void (*body)(struct race* r)) {
  const pid_t child = proc_fork();
  if (child != 0) return child;
  munmap(r->remote.addr, remote_bytes());
  if (held_cpu_move_to(cpu)) {
    sched_yield();
    body(r);
  }
  fflush(NULL);
  _exit(ktap_failed() ? 1 : 0);
}

// The first write brings the page in, writable: nothing is faulted in by the second.
static void be_driver(struct race* r) {
  unsigned char go;
  if (put(r, stale_seed) && rendezvous_send(&r->ready, 1) && rendezvous_wait(&r->write, &go, end_ms))
    put(r, fresh_seed);
}

static void write_back(struct race* r) {
  const unsigned all = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
  unsigned char go;
  if (!rendezvous_send(&r->ready, 1) || !rendezvous_wait(&r->back, &go, end_ms)) return;
  if (sync_file_range(r->remote.file.fd, 0, 0, all) < 0) ktap_fail("sync_file_range: %s", strerror(errno));
  unshare(0);  // a place to be held behind it
}

static bool collide(struct race* r) {
  unsigned char ready;
  if (!rendezvous_wait(&r->ready, &ready, end_ms) || !rendezvous_wait(&r->ready, &ready, end_ms))
    return ktap_fail("nothing was prepared");
  return held_cpu_arm(pins, held_cpu_one) && rendezvous_send(&r->write, 1) && held_cpu_wait(pins, step_ms) &&
         held_cpu_arm(pinned, held_cpu_one) && held_cpu_release(pins) && held_cpu_wait(pinned, step_ms) &&
         held_cpu_arm(behind, held_cpu_two) && rendezvous_send(&r->back, 1) && held_cpu_wait(behind, step_ms);
}

// Nobody has it mapped any more: a page that is clean is dropped.
static void judge(struct race* r) {
  unsigned char data[bytes];
  remote_end_source(&r->remote);
  mmap(r->remote.addr, remote_bytes(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  contract_drop_caches();
  if (pread(r->remote.file.fd, data, bytes, 0) != bytes) ktap_fail("pread: %s", strerror(errno));
  if (pattern_check(data, bytes, fresh_seed, 0) >= 0)
    ktap_fail("what the driver wrote is lost%s",
              pattern_check(data, bytes, stale_seed, 0) < 0 ? ": the page was not dirty" : "");
}

static void attempt(const void* arg) {
  static const struct remote_kind file = {.file = true};
  struct race r = {.write = {-1, -1}, .back = {-1, -1}, .ready = {-1, -1}};
  (void)arg;
  if (held_cpu_begin() && remote_open(&r.remote, &file) && rendezvous_open(&r.write) &&
      rendezvous_open(&r.back) && rendezvous_open(&r.ready)) {
    const pid_t driver = start(&r, held_cpu_one, be_driver), writer = start(&r, held_cpu_two, write_back);
    const bool met = driver > 0 && writer > 0 && collide(&r);
    held_cpu_end();
    rendezvous_send(&r.write, 1);
    rendezvous_send(&r.back, 1);
    if (driver > 0 && proc_reap(driver, end_ms) != 0) ktap_fail("the driver's process failed");
    if (writer > 0 && proc_reap(writer, end_ms) != 0) ktap_fail("the process that writes back failed");
    if (met && !ktap_failed()) judge(&r);
  }
  held_cpu_end();
  rendezvous_close(&r.write);
  rendezvous_close(&r.back);
  rendezvous_close(&r.ready);
  remote_close(&r.remote);
}

static void run(const void* arg) { held_cpu_attempts(attempt, arg); }

int main(void) {
  static const struct ktap_case cases[] = {{"written_back_before_copy", run, NULL}};
  return ktap_run(cases, 1);
}
