// SPDX-License-Identifier: GPL-2.0
// Fixed buffers of processes that end without unregistering them, with and without reads in flight: their
// pages are unpinned.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buffers.h"
#include "caps.h"
#include "devices.h"
#include "ktap.h"
#include "pins.h"
#include "proc.h"
#include "ring.h"
#include "slow.h"
#include "uring.h"

enum { pages = 16 };

// A process that is killed with reads under way.
static void killed_in_flight(const void* arg) {
  (void)arg;
  struct buffer buffer;
  struct pins before;
  struct rendezvous ready;
  unsigned char byte = 0;
  if (!buffer_get(&buffer, BUFFER_MEMFD, pages * page_bytes()) || !rendezvous_open(&ready)) return;
  int fd = slow_open(&buffer);
  pid_t child = fd >= 0 && pins_begin(&before) ? proc_fork() : -1;
  if (child == 0) {
    struct ring ring;
    bool good = ring_open(&ring, 8, 0) && uring_register(ring.fd, buffer.addr, buffer.size) == 0 &&
                slow_queue(&ring, fd, &buffer);
    rendezvous_send(&ready, good ? 1 : 2);
    for (;;) pause();
  }
  if (child > 0) {
    if (!rendezvous_wait(&ready, &byte, slow_answer_ms) || byte != 1)
      ktap_fail("the child could not start its reads");
    device_expect_in_flight(DRIVE_SLOW, 1);
    kill(child, SIGKILL);
    siginfo_t info;
    waitid(P_PID, (id_t)child, &info, WEXITED);
    // The drive answers up to two seconds later, and so long the pages are held.
    pins_await_released(&before, pages, slow_answer_ms);
    pins_expect_held(&before, pages, 0);
  }
  if (fd >= 0) close(fd);
  rendezvous_close(&ready);
  buffer_seal(&buffer);
  buffer_put(&buffer);
}

// A process that ends by itself without unregistering.
static void exit_releases(const void* arg) {
  (void)arg;
  struct buffer buffer;
  struct pins before;
  if (!buffer_get(&buffer, BUFFER_MEMFD, pages * page_bytes()) || !pins_begin(&before)) return;
  pid_t child = proc_fork();
  if (child < 0) return;
  if (child == 0) {
    int ring = uring_open();
    _exit(ring >= 0 && uring_register(ring, buffer.addr, buffer.size) == 0 ? 0 : 1);
  }
  int code = proc_reap(child, slow_answer_ms);
  if (code != 0) ktap_fail("the child ended with %d", code);
  pins_expect_held(&before, pages, 0);
  buffer_seal(&buffer);
  buffer_put(&buffer);
}

int main(void) {
  static const struct ktap_case cases[] = {
      {"killed_with_reads_in_flight", killed_in_flight, NULL},
      {"exit_without_unregister", exit_releases, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
