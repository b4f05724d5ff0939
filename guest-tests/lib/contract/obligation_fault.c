// SPDX-License-Identifier: GPL-2.0
// A fault in the middle of the range: retried where a handler resolves it, given up cleanly where it ends
// badly after some pages, and the protections of userfaultfd are respected.
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "contract/obligations.h"
#include "ktap.h"
#include "pins.h"
#include "probe.h"

enum { pages = 8, seed = 130, fresh = 131 };

// What the handler does with a fault.
enum answer {
  ANSWER_FILL,       // puts a page there
  ANSWER_TAKE_AWAY,  // maps nothing in place of the page
  ANSWER_OPEN,       // takes the write protection away
};

struct handler {
  int fd, stop;
  unsigned char* area;
  enum answer answer;
  size_t unit;  // bytes that one fault is about
  atomic_int faults;
  pthread_t thread;
  bool runs;
};

static void resolve(struct handler* h, unsigned long address, unsigned char* page) {
  const unsigned long start = address / h->unit * h->unit;
  const struct uffdio_range range = {start, h->unit};
  atomic_fetch_add(&h->faults, 1);
  if (h->answer == ANSWER_OPEN) {
    struct uffdio_writeprotect open = {.range = range, .mode = 0};
    ioctl(h->fd, UFFDIO_WRITEPROTECT, &open);
  } else if (h->answer == ANSWER_TAKE_AWAY) {
    mmap((void*)start, h->unit, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    ioctl(h->fd, UFFDIO_WAKE, &range);
  } else {
    pattern_fill(page, page_bytes(), seed, start - (unsigned long)h->area);
    struct uffdio_copy copy = {.dst = start, .src = (unsigned long)page, .len = page_bytes()};
    ioctl(h->fd, UFFDIO_COPY, &copy);
  }
}

static void* serve(void* arg) {
  struct handler* h = arg;
  unsigned char* page = mmap(NULL, page_bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (;;) {
    struct pollfd ready[] = {{h->fd, POLLIN, 0}, {h->stop, POLLIN, 0}};
    struct uffd_msg message;
    if (poll(ready, 2, -1) < 0) continue;
    if (ready[1].revents) break;
    if (read(h->fd, &message, sizeof(message)) != (ssize_t)sizeof(message)) continue;
    if (message.event == UFFD_EVENT_PAGEFAULT) resolve(h, message.arg.pagefault.address, page);
  }
  munmap(page, page_bytes());
  return NULL;
}

static bool start(struct handler* h, unsigned char* area, size_t length, enum answer answer) {
  const bool protect = answer == ANSWER_OPEN;
  struct uffdio_api api = {
      .api = UFFD_API,
      .features = protect ? UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_WP_HUGETLBFS_SHMEM : 0};
  struct uffdio_register range = {
      .range = {(unsigned long)area, length},
      .mode = protect ? UFFDIO_REGISTER_MODE_WP : UFFDIO_REGISTER_MODE_MISSING,
  };
  *h = (struct handler){.fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK),
                        .stop = -1,
                        .area = area,
                        .answer = answer,
                        .unit = page_bytes()};
  if (h->fd < 0) return ktap_skip("userfaultfd: %s", strerror(errno));
  bool known = ioctl(h->fd, UFFDIO_API, &api) == 0;
  if (!known && protect) {
    // Without PTE_MARKER_UFFD_WP it protects private memory alone.
    api = (struct uffdio_api){.api = UFFD_API, .features = UFFD_FEATURE_PAGEFAULT_FLAG_WP};
    known = ioctl(h->fd, UFFDIO_API, &api) == 0;
  }
  if (!known || ioctl(h->fd, UFFDIO_REGISTER, &range) < 0)
    return ktap_skip("userfaultfd cannot watch this memory: %s", strerror(errno));
  h->stop = eventfd(0, EFD_CLOEXEC);
  h->runs = pthread_create(&h->thread, NULL, serve, h) == 0;
  return h->runs || ktap_fail("pthread_create failed");
}

static void stop(struct handler* h) {
  if (h->runs) {
    eventfd_write(h->stop, 1);
    pthread_join(h->thread, NULL);
  }
  if (h->stop >= 0) close(h->stop);
  if (h->fd >= 0) close(h->fd);
  *h = (struct handler){.fd = -1, .stop = -1};
}

// The pages in the middle are missing; those around are there.
static bool with_a_gap(struct memory* memory, size_t length) {
  pattern_fill(memory->addr, page_bytes(), seed, 0);
  const size_t last = length - page_bytes();
  pattern_fill(memory->addr + last, page_bytes(), seed, last);
  return true;
}

// Without waiting for the handler, which may need the lock: at most `there` bytes are transferred.
static void refused_at_once(const struct user* user, enum way way, struct memory* memory, size_t length,
                            size_t there, const struct handler* handler) {
  struct pins before;
  if (!pins_begin(&before)) return;
  const long done =
      user->carry ? user->carry(way, memory->addr, length) : user->take(way, memory->addr, length);
  if (!user->carry && done == 0) user->let_go();
  if (done > (long)there || (!user->carry && done >= 0)) ktap_fail("it gave %ld", done);
  if (done < 0 && done != -EFAULT && done != -user->refusal) ktap_fail("it gave %s", strerror((int)-done));
  if (atomic_load(&handler->faults)) ktap_fail("it waited with the lock held");
  pins_expect_at_least(&before, 0, 0);
}

// Kernels before 6.3 keep the lock for long-term pins.
static bool faults_locked(const struct user* user) {
  if (user->waits) return !user->waits();
  return user->locked || (user->longterm && !probe_lt_waits());
}

static void retried(const struct user* user, enum memory_kind kind, enum way way) {
  struct memory memory;
  struct handler handler = {.fd = -1, .stop = -1};
  const size_t length = user_length(user, pages * page_bytes()) / page_bytes() * page_bytes();
  if (length < 3 * page_bytes()) {
    ktap_skip("a transfer is shorter than three pages");
    return;
  }
  if (memory_get(&memory, kind, length) && (!user->store || contract_store(user, length, fresh)) &&
      with_a_gap(&memory, length) && start(&handler, memory.addr, length, ANSWER_FILL)) {
    if (faults_locked(user)) {
      refused_at_once(user, way, &memory, length, page_bytes(), &handler);
    } else if (contract_transfer(user, way, memory.addr, length)) {
      const int faults = atomic_load(&handler.faults), want = (int)(length / page_bytes()) - 2;
      if (faults != want) ktap_fail("%d faults were resolved, want %d", faults, want);
      if (way == WAY_IN && user->store && pattern_check(memory.addr, length, fresh, 0) >= 0)
        ktap_fail("the memory has not what was written");
      if (way == WAY_OUT && user->load) contract_compare(user, length, seed);
    }
  }
  stop(&handler);
  memory_put(&memory);
}

static void retried_in(const struct user* user, enum memory_kind kind) { retried(user, kind, WAY_IN); }
static void retried_out(const struct user* user, enum memory_kind kind) { retried(user, kind, WAY_OUT); }

// At most the `there` bytes that could be taken are transferred, and nothing stays.
static void refused_after(const struct user* user, enum way way, struct memory* memory, size_t length,
                          size_t there) {
  struct pins before;
  if (!pins_begin(&before)) return;
  const long done =
      user->carry ? user->carry(way, memory->addr, length) : user->take(way, memory->addr, length);
  if (!user->carry && done == 0) user->let_go();
  if (done > (long)there || (!user->carry && done >= 0)) ktap_fail("it gave %ld", done);
  if (done < 0 && done != -EFAULT && done != -user->refusal) ktap_fail("it gave %s", strerror((int)-done));
  contract_settled(&before, contract_skew(user));
}

// Some pages are there, one is resolved, and the next one cannot be.
static void ends_badly(const struct user* user, enum memory_kind kind) {
  struct memory memory;
  struct handler handler = {.fd = -1, .stop = -1};
  const size_t page = page_bytes(), length = user_length(user, pages * page) / page * page;
  if (length < 4 * page) {
    ktap_skip("a transfer is shorter than four pages");
    return;
  }
  for (int way = WAY_IN; way <= WAY_OUT && !ktap_failed(); ++way) {
    if (!(user->ways & (way == WAY_IN ? USER_IN : USER_OUT))) continue;
    if (memory_get(&memory, kind, length) && (!user->store || contract_store(user, length, fresh)) &&
        with_a_gap(&memory, length) && contract_take_away(user, memory.addr + 2 * page, page) &&
        start(&handler, memory.addr, length, ANSWER_FILL))
      refused_after(user, (enum way)way, &memory, length, 2 * page);
    stop(&handler);
    memory_put(&memory);
  }
}

// The first pages are there, the fault of the next one is answered by taking it away: the retry fails, and
// what was taken before it is released.
static void taken_away(const struct user* user, enum memory_kind kind) {
  struct memory memory;
  struct handler handler = {.fd = -1, .stop = -1};
  const size_t page = page_bytes(), length = user_length(user, pages * page) / page * page, there = 2 * page;
  if (length < 4 * page) {
    ktap_skip("a transfer is shorter than four pages");
    return;
  }
  for (int way = WAY_IN; way <= WAY_OUT && !ktap_failed(); ++way) {
    if (!(user->ways & (way == WAY_IN ? USER_IN : USER_OUT))) continue;
    if (memory_get(&memory, kind, length) && (!user->store || contract_store(user, length, fresh))) {
      pattern_fill(memory.addr, there, seed, 0);
      if (start(&handler, memory.addr, length, ANSWER_TAKE_AWAY))
        refused_after(user, (enum way)way, &memory, length, there);
    }
    if (!faults_locked(user) && !ktap_failed() && atomic_load(&handler.faults) == 0)
      ktap_fail("no fault came to the handler");
    stop(&handler);
    memory_put(&memory);
  }
}

// What one fault opens: a huge page of hugetlb as a whole.
static size_t unit_of(const struct memory* memory) {
  const bool whole = memory->kind == MEMORY_HUGETLB || memory->kind == MEMORY_MEMFD_HUGETLB;
  return whole ? memory->folio : page_bytes();
}

// UFFDIO_WRITEPROTECT of 5.10 succeeds on every architecture, and does nothing without
// CONFIG_HAVE_ARCH_USERFAULTFD_WP: the page of a process's own is asked.
static bool protects(void) {
  static bool asked, found;
  struct memory own;
  struct handler handler = {.fd = -1, .stop = -1};
  if (asked) return found;
  asked = true;
  if (memory_get(&own, MEMORY_ANON, page_bytes())) {
    volatile unsigned char* byte = own.addr;
    struct uffdio_writeprotect close = {.range = {(unsigned long)own.addr, page_bytes()},
                                        .mode = UFFDIO_WRITEPROTECT_MODE_WP};
    *byte = 1;
    if (start(&handler, own.addr, page_bytes(), ANSWER_OPEN) &&
        ioctl(handler.fd, UFFDIO_WRITEPROTECT, &close) == 0) {
      *byte = 2;
      found = atomic_load(&handler.faults) > 0;
    }
    stop(&handler);
  }
  memory_put(&own);
  return found;
}

static void protected_write(const struct user* user, struct memory* memory, size_t length,
                            const struct handler* handler) {
  if (faults_locked(user)) {
    refused_at_once(user, WAY_IN, memory, length, 0, handler);
    if (pattern_check(memory->addr, length, seed, 0) >= 0)
      ktap_fail("memory that userfaultfd protects was written");
  } else if (contract_transfer(user, WAY_IN, memory->addr, length)) {
    const int faults = atomic_load(&handler->faults),
              want = (int)((length + handler->unit - 1) / handler->unit);
    if (faults != want) ktap_fail("%d pages were opened for writing, want %d", faults, want);
    if (user->store && pattern_check(memory->addr, length, fresh, 0) >= 0)
      ktap_fail("the memory has not what was written");
  }
}

// Nobody writes behind the back of a write protection: each page faults first. `read_only`: nor does one who
// need not obey mprotect().
static void protected_one(const struct user* user, enum memory_kind kind, bool read_only) {
  struct memory memory;
  struct handler handler = {.fd = -1, .stop = -1};
  const size_t length = user_length(user, pages * page_bytes()) / page_bytes() * page_bytes();
  if (length && memory_get(&memory, kind, length) && (!user->store || contract_store(user, length, fresh))) {
    const size_t unit = unit_of(&memory), range = unit > page_bytes() ? memory.size : length;
    struct uffdio_writeprotect close = {.range = {(unsigned long)memory.addr, range},
                                        .mode = UFFDIO_WRITEPROTECT_MODE_WP};
    pattern_fill(memory.addr, length, seed, 0);
    if (read_only && mprotect(memory.addr, memory.size, PROT_READ) < 0)
      ktap_fail("mprotect: %s", strerror(errno));
    if (start(&handler, memory.addr, range, ANSWER_OPEN)) {
      handler.unit = unit;
      if (ioctl(handler.fd, UFFDIO_WRITEPROTECT, &close) < 0)
        ktap_skip("UFFDIO_WRITEPROTECT: %s", strerror(errno));
      else if (!protects())
        ktap_skip("UFFDIO_WRITEPROTECT protects nothing on this architecture");
      else
        protected_write(user, &memory, length, &handler);
    }
  }
  stop(&handler);
  memory_put(&memory);
}

static void protected_in(const struct user* user, enum memory_kind kind) {
  protected_one(user, kind, false);
  if (user->forced && !memory_is_shared(kind) && !ktap_failed()) protected_one(user, kind, true);
}

const struct obligation fault_obligations[] = {
    {"fault.retried_in", retried_in},        {"fault.retried_out", retried_out},
    {"fault.ends_badly", ends_badly},        {"fault.taken_away", taken_away},
    {"fault.write_protected", protected_in}, {0}};
