// SPDX-License-Identifier: GPL-2.0
// A direct read tells the process that it is complete, and then releases the pages, in the drive's interrupt
// or later (block/fops.c blkdev_bio_end_io_async(), block/bio.c bio_check_pages_dirty() and bio_dirty_fn()).
// It is held between the two. The process ends meanwhile: its pages stay until they are released. Or the page
// was cleaned during the transfer, and writeback and reclaim come before it is marked dirty again: the data
// stays.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffers.h"
#include "caps.h"
#include "devices.h"
#include "dm.h"
#include "drive.h"
#include "held_cpu.h"
#include "ktap.h"
#include "pagemap.h"
#include "pins.h"
#include "proc.h"
#include "ring.h"
#include "uring.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

enum { pages = 16, seed = 130, stale_seed = 131, step_ms = 30000, end_ms = 60000 };
enum { file_at = 8 << 20, gate_sectors = (2 << 20) / 512, spare_bytes = 32 << 20 };

// Reads through a gate on the drive: dm_suspend() stops the request, and the CPU that calls dm_resume() sends
// it to the drive, whose interrupt comes to that CPU. The process never ran there: a TLB flush of its memory
// does not wait for the CPU.
struct reader {
  char drive[300];
  struct dm gate;
  struct rendezvous ready, go;
  uint64_t* frames;  // of the buffer, shared by the processes
  long long pinned;  // by the read, on kernels whose block I/O pins
};

static size_t bytes(void) { return pages * page_bytes(); }

// The drive has `seed` where the gate is, and the file that is mapped has `stale_seed`.
static bool fill_drive(struct reader* r) {
  unsigned char* data = NULL;
  int fd = device_open(DRIVE_RAW, 1, O_RDWR | O_DIRECT);
  bool good = fd >= 0 && device_find(DRIVE_RAW, 1, r->drive, sizeof(r->drive)) &&
              posix_memalign((void**)&data, page_bytes(), bytes()) == 0;
  for (int i = 0; good && i < 2; ++i) {
    pattern_fill(data, bytes(), i == 0 ? seed : stale_seed, 0);
    if (pwrite(fd, data, bytes(), i == 0 ? 0 : file_at) != (ssize_t)bytes())
      good = ktap_fail("preparing the drive: %s", strerror(errno));
  }
  free(data);
  if (fd >= 0) close(fd);
  return good;
}

static bool open_gate(struct reader* r) {
  r->pinned = drive_pages(pages);
  if (r->pinned < 0) return false;
  r->frames =
      mmap(NULL, pages * sizeof(*r->frames), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return r->frames != MAP_FAILED && fill_drive(r) && rendezvous_open(&r->ready) && rendezvous_open(&r->go) &&
         dm_open_reversed(&r->gate, "pinrig-end-io", r->drive, 0, 1, gate_sectors) && dm_suspend(&r->gate);
}

static void close_gate(struct reader* r) {
  dm_close(&r->gate);
  rendezvous_close(&r->ready);
  rendezvous_close(&r->go);
}

// The request waits in the gate when this returns. Not AIO: a process with a context of that waits at its end
// for a grace period, and so for the CPU that is held. The only worker of the ring takes one request after
// the other, and has sent the read when the one behind it is complete.
static bool submit(struct reader* r, struct ring* ring, void* to) {
  struct io_uring_cqe cqe;
  int fd = open(r->gate.path, O_RDONLY | O_DIRECT | O_CLOEXEC);
  if (fd < 0) return ktap_fail("%s: %s", r->gate.path, strerror(errno));
  if (!ring_open(ring, 4, 0)) return false;
  int error = uring_workers_on(ring->fd, held_cpu_two);
  if (error == 0) error = uring_workers_at_most(ring->fd, 1);
  if (error) return ktap_fail("the workers of the ring: %s", strerror(-error));
  struct io_uring_sqe* sqe = ring_next(ring);
  sqe->opcode = IORING_OP_READ;
  sqe->flags = IOSQE_ASYNC;
  sqe->fd = fd;
  sqe->addr = (uintptr_t)to;
  sqe->len = (unsigned)bytes();
  sqe = ring_next(ring);
  sqe->opcode = IORING_OP_NOP;
  sqe->flags = IOSQE_ASYNC;
  sqe->user_data = 1;
  pins_claim_at_least(r->pinned);
  if (!ring_submit(ring) || !ring_reap(ring, end_ms, &cqe)) return false;
  if (cqe.user_data != 1) return ktap_fail("the read was not held: %d", cqe.res);
  return pagemap_pfns(to, bytes(), r->frames);
}

static void read_and_linger(struct reader* r) {
  struct buffer buffer;
  struct ring ring;
  if (held_cpu_move_to(held_cpu_two) && buffer_get(&buffer, BUFFER_PAGES, bytes()) &&
      submit(r, &ring, buffer.addr) && rendezvous_send(&r->ready, 1))
    rendezvous_linger(&r->go, end_ms);
}

// Lets the request go from CPU 1, which is held on the way: the one that waits is not here.
static pid_t resume_on_one(struct reader* r) {
  pid_t child = proc_fork();
  if (child != 0) return child;
  _exit(held_cpu_move_to(held_cpu_one) && dm_resume(&r->gate) ? 0 : 1);
}

// Does other memory get one of the frames?
static bool taken(const struct reader* r) {
  pid_t child = proc_fork();
  if (child < 0) return ktap_fail("fork: %s", strerror(errno));
  if (child == 0) {
    unsigned char* spare =
        mmap(NULL, spare_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (!held_cpu_move_to(held_cpu_two) || spare == MAP_FAILED) _exit(2);
    madvise(spare, spare_bytes, MADV_NOHUGEPAGE);
    for (size_t at = 0; at < spare_bytes; at += page_bytes()) {
      spare[at] = 1;
      const uint64_t frame = pagemap_pfn(spare + at);
      for (int i = 0; i < pages; ++i) {
        if (frame == r->frames[i]) _exit(1);
      }
    }
    _exit(0);
  }
  const int code = proc_reap(child, end_ms);
  if (code == 2) ktap_fail("no memory to compare with");
  return code == 1;
}

static void end_while_held(struct reader* r, pid_t reader) {
  static const char place[] = "bio_check_pages_dirty";
  if (!held_cpu_arm(place, held_cpu_one)) return;
  pid_t helper = resume_on_one(r);
  if (helper > 0 && held_cpu_wait(place, step_ms)) {
    kill(reader, SIGKILL);
    proc_end(reader, end_ms);
    if (taken(r)) ktap_fail("a page has another owner before the request has released it");
  }
  held_cpu_end();
  if (helper > 0 && proc_reap(helper, end_ms) != 0) ktap_fail("the request was not released");
}

static void process_exit(const void* arg) {
  (void)arg;
  struct reader r = {.gate = {.made = false}};
  unsigned char byte;
  if (!held_cpu_begin()) return;
  if (open_gate(&r)) {
    pid_t reader = proc_fork();
    if (reader == 0) {
      read_and_linger(&r);
      fflush(NULL);
      _exit(1);
    }
    if (reader > 0 && rendezvous_wait(&r.ready, &byte, end_ms))
      end_while_held(&r, reader);
    else
      ktap_fail("nothing was submitted");
    if (reader > 0) kill(reader, SIGKILL);
  }
  held_cpu_end();
  close_gate(&r);
}

// The process whose shared mapping of the drive is read into, on CPU 2. It cleans the pages while the request
// waits, and has them reclaimed while the request is held.
static void read_into_mapping(struct reader* r) {
  struct ring ring;
  struct io_uring_cqe cqe;
  unsigned char byte;
  int fd = open(r->drive, O_RDWR | O_CLOEXEC);
  unsigned char* map = mmap(NULL, bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, file_at);
  if (!held_cpu_move_to(held_cpu_two) || fd < 0 || map == MAP_FAILED) return;
  pattern_fill(map, bytes(), stale_seed, 0);
  if (!submit(r, &ring, map)) return;
  if (msync(map, bytes(), MS_SYNC) < 0) ktap_fail("msync: %s", strerror(errno));
  if (rendezvous_send(&r->ready, 1) && rendezvous_wait(&r->go, &byte, end_ms)) {
    if (msync(map, bytes(), MS_SYNC) < 0) ktap_fail("msync: %s", strerror(errno));
    if (madvise(map, bytes(), MADV_PAGEOUT) < 0) ktap_note("MADV_PAGEOUT: %s", strerror(errno));
    rendezvous_send(&r->ready, 1);
    if (ring_reap(&ring, end_ms, &cqe) && cqe.res != (int)bytes()) ktap_fail("the read gave %d", cqe.res);
  }
  munmap(map, bytes());
  ring_close(&ring);
  close(fd);
}

// What is on the drive once nothing is cached any more.
static void judge_drive(const struct reader* r) {
  unsigned char* data = NULL;
  int fd = open(r->drive, O_RDWR | O_CLOEXEC);
  if (fd < 0 || !device_drop_cache(fd) || posix_memalign((void**)&data, page_bytes(), bytes()) != 0)
    ktap_fail("reading the drive: %s", strerror(errno));
  else if (pread(fd, data, bytes(), file_at) != (ssize_t)bytes())
    ktap_fail("reading the drive: %s", strerror(errno));
  else if (pattern_check(data, bytes(), seed, 0) >= 0)
    ktap_fail("what was read into the mapping is lost: its pages were not marked dirty");
  free(data);
  if (fd >= 0) close(fd);
}

static void clean_while_held(struct reader* r) {
  // The work that marks the pages dirty, or the pages are released as they are.
  static const char* const places[] = {"bio_dirty_fn", "__bio_release_pages"};
  unsigned char byte;
  if (!held_cpu_arm_any(places, 2, held_cpu_one)) return;
  pid_t helper = resume_on_one(r);
  if (helper > 0 && held_cpu_wait_any(places, 2, step_ms) && rendezvous_send(&r->go, 1))
    rendezvous_wait(&r->ready, &byte, step_ms);
  held_cpu_end();
  if (helper > 0 && proc_reap(helper, end_ms) != 0) ktap_fail("the request was not released");
}

static void writeback(const void* arg) {
  (void)arg;
  struct reader r = {.gate = {.made = false}};
  struct pins rest;
  unsigned char byte;
  if (!held_cpu_begin()) return;
  if (open_gate(&r)) {
    pid_t reader = proc_fork();
    if (reader == 0) {
      read_into_mapping(&r);
      fflush(NULL);
      _exit(ktap_failed() ? 1 : 0);
    }
    if (reader > 0 && rendezvous_wait(&r.ready, &byte, end_ms))
      clean_while_held(&r);
    else
      ktap_fail("nothing was submitted");
    if (reader > 0 && proc_reap(reader, end_ms) != 0) ktap_fail("the process that reads failed");
    if (pins_rest(&rest)) judge_drive(&r);
  }
  held_cpu_end();
  close_gate(&r);
}

int main(void) {
  static const struct ktap_case cases[] = {{"process_exit", process_exit, NULL},
                                           {"writeback", writeback, NULL}};
  return ktap_run(cases, 2);
}
