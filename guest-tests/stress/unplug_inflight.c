// SPDX-License-Identifier: GPL-2.0
// A drive is unplugged (QMP device_del) while direct reads from it are in flight: each of them ends, with its
// data or with an error, and all their pins are dropped (nvme_remove(), del_gendisk()). Half of them are in
// the drive; the others are held in a device-mapper device above it, and reach a drive that is gone.
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "aio.h"
#include "buffers.h"
#include "caps.h"
#include "devices.h"
#include "drive.h"
#include "host.h"
#include "hotunplug.h"
#include "ktap.h"
#include "pins.h"
#include "ring.h"
#include "uring.h"

// Of a dozen each: by AIO into base pages; by AIO into a huge page, held; by io_uring; by io_uring into a
// registered buffer, held.
enum { each = 12, groups = 4, reads = groups * each, plain = 3 * each };

static struct {
  int fd[2];  // of the drive, and of the gate above it
  struct dm gate;
  struct buffer buffer[groups];
  struct aio aio;
  struct ring ring;
  struct pins registered, before;
  long result[reads];
  bool submitted, gone;
} it;

static unsigned char* place(int number) {
  return it.buffer[number / each].addr + (size_t)(number % each) * hotunplug_bytes();
}

static int from(int number) { return it.fd[number / each % 2]; }

static bool prepare(void) {
  static const enum buffer_kind kinds[] = {BUFFER_PAGES, BUFFER_THP, BUFFER_PAGES, BUFFER_PAGES};
  if (drive_pages(1) < 0 || !hotunplug_open(&it.fd[0]) || !hotunplug_gate(&it.gate, &it.fd[1])) return false;
  for (int i = 0; i < groups; ++i)
    if (!buffer_get(&it.buffer[i], kinds[i], each * hotunplug_bytes())) return false;
  if (!aio_open(&it.aio, reads) || !ring_open(&it.ring, reads, 0) || !pins_begin(&it.registered))
    return false;
  int error = uring_register(it.ring.fd, it.buffer[3].addr, it.buffer[3].size);
  if (error) return ktap_fail("registering a buffer: %s", strerror(-error));
  return pins_expect_longterm(&it.registered, each * hotunplug_pages);
}

static bool submit(void) {
  if (!dm_suspend(&it.gate)) return false;
  for (int i = 0; i < 2 * each; ++i)
    if (!aio_read(&it.aio, from(i), place(i), hotunplug_bytes(), hotunplug_offset(i), (unsigned)i + 1))
      return false;
  for (int i = 2 * each; i < reads; ++i) {
    struct io_uring_sqe* sqe = ring_next(&it.ring);
    sqe->opcode = i < plain ? IORING_OP_READ : IORING_OP_READ_FIXED;
    sqe->fd = from(i);
    sqe->addr = (uintptr_t)place(i);
    sqe->len = (uint32_t)hotunplug_bytes();
    sqe->off = (uint64_t)hotunplug_offset(i);
    sqe->user_data = (uint64_t)i;
  }
  return ring_submit(&it.ring);
}

static void reads_in_flight(const void* arg) {
  (void)arg;
  struct pins now;
  if (!prepare() || !pins_begin(&it.before) || !submit()) return;
  it.submitted = true;
  if (!pins_sample(&now)) return;
  long long held = (now.acquired - it.before.acquired) - (now.released - it.before.released);
  ktap_note("%d reads, %lld pages pinned by those in flight", reads, held);
  if (drive_pages(1) > 0 && held < plain * hotunplug_pages / 2)
    ktap_fail("most of the reads ended before the unplug");
}

static void unplug(const void* arg) {
  (void)arg;
  KTAP_REQUIRE(it.submitted, "no reads are in flight");
  char path[300];
  it.gone = host_unplug(DRIVE_REMOVABLE, hotunplug_answer_ms);
  if (it.gone && device_find(DRIVE_REMOVABLE, 1, path, sizeof(path)) && access(path, F_OK) == 0)
    ktap_fail("%s still exists", path);
  dm_resume(&it.gate);
}

static bool reap_all(void) {
  struct io_uring_cqe cqe;
  while (it.aio.in_flight > 0) {
    long result = 0;
    unsigned tag = aio_reap(&it.aio, hotunplug_answer_ms, &result);
    if (tag == 0) return ktap_fail("%d AIO reads did not end", it.aio.in_flight);
    it.result[tag - 1] = result;
  }
  for (int i = 2 * each; i < reads; ++i) {
    if (!ring_reap(&it.ring, hotunplug_answer_ms, &cqe))
      return ktap_fail("%d io_uring reads did not end", reads - i);
    it.result[cqe.user_data] = cqe.res;
  }
  return true;
}

static void every_read_ends(const void* arg) {
  (void)arg;
  int count[3] = {0}, last = 0;
  KTAP_REQUIRE(it.submitted, "no reads are in flight");
  if (!reap_all()) return;
  for (int i = 0; i < reads; ++i) {
    ++count[hotunplug_judge(i, place(i), it.result[i])];
    if (it.result[i] < 0) last = (int)-it.result[i];
  }
  ktap_note("%d with data, %d with an error (%s)", count[HOTUNPLUG_DATA], count[HOTUNPLUG_ERROR],
            last ? strerror(last) : "none");
  // Otherwise nothing was in flight, and the balance says nothing about that.
  if (count[HOTUNPLUG_ERROR] == 0) ktap_fail("the drive answered all reads before the unplug");
  if (count[HOTUNPLUG_DATA] == 0) ktap_fail("the drive answered none of the reads that it had");
}

static void everything_is_given_back(const void* arg) {
  (void)arg;
  KTAP_REQUIRE(it.submitted && it.gone, "the drive was not unplugged");
  long long pages = drive_pages(plain * hotunplug_pages);
  pins_expect(&it.before, pages, pages);
  int error = uring_unregister(it.ring.fd);
  if (error) ktap_fail("unregistering: %s", strerror(-error));
  pins_expect(&it.before, 0, each * hotunplug_pages);
}

// The descriptor is still open: the end of a file without a byte, or an error.
static void nothing_is_left_to_read(const void* arg) {
  (void)arg;
  KTAP_REQUIRE(it.submitted && it.gone, "the drive was not unplugged");
  struct pins before;
  if (!pins_begin(&before)) return;
  ssize_t got = pread(it.fd[0], it.buffer[0].addr, hotunplug_bytes(), 0);
  ktap_note("reading: %zd (%s)", got, got < 0 ? strerror(errno) : "no error");
  if (got > 0) ktap_fail("%zd bytes were read from an unplugged drive", got);
  pins_expect(&before, 0, 0);
}

int main(void) {
  static const struct ktap_case cases[] = {
      {"reads_in_flight", reads_in_flight, NULL},
      {"unplug", unplug, NULL},
      {"every_read_ends", every_read_ends, NULL},
      {"everything_is_given_back", everything_is_given_back, NULL},
      {"nothing_is_left_to_read", nothing_is_left_to_read, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
