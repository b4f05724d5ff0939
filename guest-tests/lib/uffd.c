// SPDX-License-Identifier: GPL-2.0
#include "uffd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "buffers.h"
#include "clock.h"
#include "ktap.h"
#include "patience.h"

enum { rounds_wanted = 5, patience_ms = 2000 };

static long now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000L + now.tv_nsec / 1000;
}

static bool stopped(const struct uffd* uffd, int wait_ms) {
  struct pollfd stop = {uffd->stop, POLLIN, 0};
  return poll(&stop, 1, wait_ms) != 0;
}

static void raise_to(atomic_long* most, long value) {
  if (value > atomic_load(most)) atomic_store(most, value);
}

// mmap() and munmap() take the lock for writing.
static void* map_and_unmap(void* arg) {
  struct uffd* uffd = arg;
  while (!stopped(uffd, 1)) {
    bool waiting = atomic_load(&uffd->waiting);
    long start = now_us();
    void* page = mmap(NULL, page_bytes(), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page != MAP_FAILED) munmap(page, page_bytes());
    raise_to(waiting ? &uffd->longest_waiting_us : &uffd->longest_idle_us, now_us() - start);
    atomic_fetch_add(&uffd->rounds, 1);
  }
  return NULL;
}

static void await_rounds(struct uffd* uffd) {
  long wanted = atomic_load(&uffd->rounds) + rounds_wanted;
  long long end = clock_ms() + patience_scaled(patience_ms);
  while (atomic_load(&uffd->rounds) < wanted) {
    if (clock_ms() > end || stopped(uffd, 2)) {
      atomic_fetch_add(&uffd->starved, 1);
      return;
    }
  }
}

static void answer(struct uffd* uffd, unsigned long address, unsigned char* page) {
  unsigned long start = address & ~(page_bytes() - 1);
  pattern_fill(page, page_bytes(), uffd->seed, start - (unsigned long)uffd->area);
  struct uffdio_copy copy = {.dst = start, .src = (unsigned long)page, .len = page_bytes()};
  ioctl(uffd->fd, UFFDIO_COPY, &copy);
}

static void* serve(void* arg) {
  struct uffd* uffd = arg;
  unsigned char* page = mmap(NULL, page_bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (;;) {
    struct pollfd ready[] = {{uffd->fd, POLLIN, 0}, {uffd->stop, POLLIN, 0}};
    struct uffd_msg message;
    if (poll(ready, 2, -1) < 0) continue;
    if (ready[1].revents) break;
    if (read(uffd->fd, &message, sizeof(message)) != (ssize_t)sizeof(message)) continue;
    if (message.event != UFFD_EVENT_PAGEFAULT) continue;
    atomic_store(&uffd->waiting, 1);
    long long start = clock_ms();
    await_rounds(uffd);
    long long left = uffd->delay_ms - (clock_ms() - start);
    if (left > 0) sleep_ms((int)left);
    atomic_store(&uffd->waiting, 0);
    atomic_fetch_add(&uffd->faults, 1);
    answer(uffd, message.arg.pagefault.address, page);
  }
  munmap(page, page_bytes());
  return NULL;
}

static bool register_area(struct uffd* uffd) {
  struct uffdio_api api = {.api = UFFD_API};
  struct uffdio_register range = {
      .range = {.start = (unsigned long)uffd->area, .len = uffd->pages * page_bytes()},
      .mode = UFFDIO_REGISTER_MODE_MISSING,
  };
  if (ioctl(uffd->fd, UFFDIO_API, &api) < 0) return ktap_fail("UFFDIO_API: %s", strerror(errno));
  return ioctl(uffd->fd, UFFDIO_REGISTER, &range) == 0 || ktap_fail("UFFDIO_REGISTER: %s", strerror(errno));
}

bool uffd_open(struct uffd* uffd, size_t pages, unsigned seed, int delay_ms) {
  *uffd = (struct uffd){.fd = -1,
                        .stop = -1,
                        .area = MAP_FAILED,
                        .pages = pages,
                        .seed = seed,
                        .delay_ms = patience_scaled(delay_ms)};
  uffd->fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
  if (uffd->fd < 0) return ktap_skip("userfaultfd: %s", strerror(errno));
  uffd->stop = eventfd(0, EFD_CLOEXEC);
  uffd->area = mmap(NULL, pages * page_bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (uffd->stop < 0 || uffd->area == MAP_FAILED) return ktap_fail("eventfd or mmap: %s", strerror(errno));
  madvise(uffd->area, pages * page_bytes(), MADV_NOHUGEPAGE);
  if (!register_area(uffd)) return false;
  uffd->handler_runs = pthread_create(&uffd->handler, NULL, serve, uffd) == 0;
  uffd->mapper_runs = pthread_create(&uffd->mapper, NULL, map_and_unmap, uffd) == 0;
  return (uffd->handler_runs && uffd->mapper_runs) || ktap_fail("pthread_create failed");
}

bool uffd_waited(const struct uffd* uffd, long long start, int faults) {
  enum { clock_error_ms = 20 };
  long long took = clock_ms() - start;
  ktap_note("took %lld ms", took);
  return took >= (long long)faults * uffd->delay_ms - clock_error_ms ||
         ktap_fail("it did not wait for the page: %lld ms", took);
}

static void end_threads(struct uffd* uffd) {
  if (uffd->stop >= 0) eventfd_write(uffd->stop, 1);
  if (uffd->mapper_runs) pthread_join(uffd->mapper, NULL);
  if (uffd->handler_runs) pthread_join(uffd->handler, NULL);
  uffd->mapper_runs = uffd->handler_runs = false;
}

void uffd_judge(struct uffd* uffd, int faults) {
  end_threads(uffd);
  long waiting = atomic_load(&uffd->longest_waiting_us), idle = atomic_load(&uffd->longest_idle_us);
  // With the lock held a round would take the whole delay, half of it is a failure. A few milliseconds are
  // what a free lock takes, but a busy host stalls an emulated machine for tens of them, with or without a
  // pending fault.
  long allowed = uffd->delay_ms * 500L > 3 * idle ? uffd->delay_ms * 500L : 3 * idle;
  ktap_note(
      "%d faults answered, %ld rounds of mmap, the longest %ld us during a waiting fault, %ld us without",
      atomic_load(&uffd->faults), atomic_load(&uffd->rounds), waiting, idle);
  if (atomic_load(&uffd->faults) != faults)
    ktap_fail("%d faults came, want %d", atomic_load(&uffd->faults), faults);
  if (atomic_load(&uffd->starved)) ktap_fail("mmap() did not get the lock while a fault waited");
  if (waiting > allowed)
    ktap_fail("mmap() took %ld us during a waiting fault, want at most %ld", waiting, allowed);
}

void uffd_close(struct uffd* uffd) {
  end_threads(uffd);
  if (uffd->area != MAP_FAILED) munmap(uffd->area, uffd->pages * page_bytes());
  if (uffd->fd >= 0) close(uffd->fd);
  if (uffd->stop >= 0) close(uffd->stop);
}
