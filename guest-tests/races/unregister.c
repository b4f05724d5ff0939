// SPDX-License-Identifier: GPL-2.0
// A registered buffer is unregistered while the drive's interrupt for a read into it is held in end_io: the
// data is there, the request is not complete. Unregistering waits, and unpins the pages only when it is
// (io_uring/rsrc.c, io_sqe_buffers_unregister()).
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "buffers.h"
#include "caps.h"
#include "devices.h"
#include "held_cpu.h"
#include "ktap.h"
#include "pins.h"
#include "proc.h"
#include "ring.h"
#include "uring.h"

enum { pages = 16, seed = 120, stale = 0x11, step_ms = 20000, end_ms = 60000 };

// The process that submits and unregisters on CPU 2. A worker of the ring on CPU 1 sends the request to the
// drive, which interrupts the CPU that sent it. No task that io_uring_enter() is in may be held: it has the
// lock of the ring that unregistering takes.
struct victim {
  struct buffer buffer;
  struct ring ring;
  int drive;
  struct rendezvous read, unregister, ready;
};

static bool submit(struct victim* v) {
  struct io_uring_sqe* sqe = ring_next(&v->ring);
  sqe->opcode = IORING_OP_READ_FIXED;
  sqe->flags = IOSQE_ASYNC;
  sqe->fd = v->drive;
  sqe->addr = (uintptr_t)v->buffer.addr;
  sqe->len = (unsigned)v->buffer.size;
  return ring_submit(&v->ring);
}

static bool prepare(struct victim* v) {
  v->drive = device_open(DRIVE_RAW, 1, O_RDWR | O_DIRECT);
  if (v->drive < 0 || !buffer_get(&v->buffer, BUFFER_MEMFD, pages * page_bytes())) return false;
  pattern_fill(v->buffer.addr, v->buffer.size, seed, 0);
  if (pwrite(v->drive, v->buffer.addr, v->buffer.size, 0) != (ssize_t)v->buffer.size)
    return ktap_fail("preparing the drive: %s", strerror(errno));
  memset(v->buffer.addr, stale, v->buffer.size);
  if (!ring_open(&v->ring, 4, 0)) return false;
  int error = uring_register(v->ring.fd, v->buffer.addr, v->buffer.size);
  if (error) return ktap_fail("IORING_REGISTER_BUFFERS: %s", strerror(-error));
  error = uring_workers_on(v->ring.fd, held_cpu_one);
  return error == 0 || ktap_fail("IORING_REGISTER_IOWQ_AFF: %s", strerror(-error));
}

static void race(struct victim* v) {
  unsigned char go;
  struct io_uring_cqe cqe;
  if (!rendezvous_wait(&v->read, &go, end_ms) || !submit(v)) return;
  if (!rendezvous_wait(&v->unregister, &go, end_ms)) return;
  int error = uring_unregister(v->ring.fd);
  if (error) ktap_fail("IORING_UNREGISTER_BUFFERS: %s", strerror(-error));
  if (!ring_reap(&v->ring, end_ms, &cqe)) return;
  if (cqe.res != (int)v->buffer.size)
    ktap_fail("the read gave %d", cqe.res);
  else if (pattern_check(v->buffer.addr, v->buffer.size, seed, 0) >= 0)
    ktap_fail("the data is wrong");
}

static void be_victim(struct victim* v) {
  if (!held_cpu_move_to(held_cpu_two) || !prepare(v)) return;
  pins_claim_at_least(pages);
  if (rendezvous_send(&v->ready, 1)) race(v);
  ring_close(&v->ring);
  buffer_seal(&v->buffer);
  buffer_put(&v->buffer);
}

static void collide(struct victim* v) {
  // It waits for the request (6.1 in the second place), or unpins what the drive has just written to.
  static const char* const ends[] = {"io_run_task_work_sig", "wait_for_completion_interruptible",
                                     "unpin_user_folio", "unpin_user_page"};
  static const char end_io[] = "blkdev_bio_end_io_async";
  unsigned char ready;
  if (!rendezvous_wait(&v->ready, &ready, end_ms)) {
    ktap_fail("nothing was prepared");
    return;
  }
  if (!held_cpu_arm(end_io, held_cpu_one) || !rendezvous_send(&v->read, 1) || !held_cpu_wait(end_io, step_ms))
    return;
  if (!held_cpu_arm_any(ends, 4, held_cpu_two) || !rendezvous_send(&v->unregister, 1)) return;
  const char* end = held_cpu_wait_any(ends, 4, step_ms);
  if (end == ends[2] || end == ends[3])
    ktap_fail("pages were unpinned before the read into them was complete");
}

static void attempt(const void* arg) {
  (void)arg;
  struct victim v = {.drive = -1, .ring = {.fd = -1}};
  if (!held_cpu_begin() || !rendezvous_open(&v.read) || !rendezvous_open(&v.unregister) ||
      !rendezvous_open(&v.ready))
    return;
  pid_t child = proc_fork();
  if (child == 0) {
    close(v.read.write_fd);
    close(v.unregister.write_fd);
    be_victim(&v);
    fflush(NULL);
    _exit(ktap_failed() ? 1 : 0);
  }
  close(v.ready.write_fd);
  if (child > 0) {
    collide(&v);
    held_cpu_end();
    rendezvous_close(&v.read);
    rendezvous_close(&v.unregister);
    if (proc_reap(child, end_ms) != 0) ktap_fail("the process that raced failed");
  }
  close(v.ready.read_fd);
}

static void in_end_io(const void* arg) { held_cpu_attempts(attempt, arg); }

int main(void) {
  static const struct ktap_case cases[] = {{"in_end_io", in_end_io, NULL}};
  return ktap_run(cases, 1);
}
