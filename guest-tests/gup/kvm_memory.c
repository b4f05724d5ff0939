// SPDX-License-Identifier: GPL-2.0
// Memory that a KVM guest touches is mapped by get_user_pages() (virt/kvm/kvm_main.c, hva_to_pfn_fast() and
// _slow()): no page is pinned or held, because the mappings follow the host's through notifiers. KVM waits
// for a missing page, and since 6.2 a signal interrupts that on x86-64 (FOLL_INTERRUPTIBLE).
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>

#include "buffers.h"
#include "caps.h"
#include "ktap.h"
#include "pins.h"
#include "tinyvm.h"
#include "uffd.h"

static unsigned* page_at(void* memory, size_t i) { return (unsigned*)((char*)memory + i * page_bytes()); }

static void prepare(void* memory, unsigned seed) {
  for (size_t i = 0; i < TINYVM_PAGES; ++i) page_at(memory, i)[TINYVM_FROM] = seed + (unsigned)i;
}

// From the beginning to the end, and the guest has copied what `prepare` left, or the zeros of pages that are
// gone.
static bool copies(struct tinyvm* vm, void* memory, unsigned seed) {
  int error = tinyvm_rewind(vm) ? tinyvm_run(vm) : 0;
  if (error) return ktap_fail("KVM_RUN: %s", strerror(error));
  for (size_t i = 0; i < TINYVM_PAGES; ++i) {
    unsigned got = page_at(memory, i)[TINYVM_TO], want = seed ? seed + (unsigned)i : 0;
    if (got != want) return ktap_fail("page %zu: the guest wrote %#x, want %#x", i, got, want);
  }
  return true;
}

// Nothing is pinned; and when the memory goes away under the guest, it sees what is there instead.
static void memory(const void* arg) {
  enum buffer_kind kind = *(const enum buffer_kind*)arg;
  struct buffer buffer;
  struct tinyvm vm;
  struct pins before;
  if (!buffer_get(&buffer, kind, TINYVM_PAGES * page_bytes())) return;
  if (tinyvm_open(&vm, buffer.addr)) {
    prepare(buffer.addr, 0x1000);
    if (pins_begin(&before) && copies(&vm, buffer.addr, 0x1000)) pins_expect(&before, 0, 0);
    if (kind == BUFFER_PAGES) {
      madvise(buffer.addr, buffer.size, MADV_DONTNEED);
      copies(&vm, buffer.addr, 0);
      madvise(buffer.addr, buffer.size, MADV_DONTNEED);
    }
    prepare(buffer.addr, 0x2000);
    copies(&vm, buffer.addr, 0x2000);
    pins_expect(&before, 0, 0);
    // With the guest still there: a reference of it would be in the way.
    if (kind == BUFFER_MEMFD) buffer_seal(&buffer);
    tinyvm_close(&vm);
  }
  buffer_put(&buffer);
}

static void read_only_memory(const void* arg) {
  (void)arg;
  struct buffer buffer;
  struct tinyvm vm;
  struct pins before;
  if (!buffer_get(&buffer, BUFFER_PAGES, TINYVM_PAGES * page_bytes())) return;
  if (tinyvm_open(&vm, buffer.addr)) {
    prepare(buffer.addr, 0x3000);
    mprotect(buffer.addr, buffer.size, PROT_READ);
    if (pins_begin(&before)) {
      int error = tinyvm_run(&vm);
      if (error != EFAULT) ktap_fail("the guest's store into read-only memory: %s", strerror(error));
      pins_expect(&before, 0, 0);
    }
    tinyvm_close(&vm);
  }
  buffer_put(&buffer);
}

static void on_alarm(int signal) { (void)signal; }

static size_t present(void* memory) {
  unsigned char seen[TINYVM_PAGES] = {0};
  size_t count = 0;
  if (mincore(memory, TINYVM_PAGES * page_bytes(), seen) < 0) ktap_fail("mincore: %s", strerror(errno));
  for (size_t i = 0; i < TINYVM_PAGES; ++i) count += seen[i] & 1;
  return count;
}

// From the beginning to the end, whatever signals come. True when one ended the wait for the first page: the
// fault is there and the page is not.
static bool run_on(struct tinyvm* vm, struct uffd* uffd) {
  bool ended = false;
  int error;
  while ((error = tinyvm_run(vm)) == EINTR)
    ended = ended || (atomic_load(&uffd->waiting) && present(uffd->area) == 0);
  if (error) ktap_fail("KVM_RUN: %s", strerror(error));
  return ended;
}

// Signals while the first page is waited for. Either KVM_RUN ends for one, or it comes back when the page is
// there.
static void late_pages(const void* arg) {
  (void)arg;
  enum { delay_ms = 300, alarm_us = 50000, seed = 53 };
  const struct itimerval alarm = {.it_value.tv_usec = alarm_us, .it_interval.tv_usec = alarm_us}, none = {0};
  struct sigaction action = {.sa_handler = on_alarm}, old;
  struct uffd uffd;
  struct tinyvm vm;
  struct pins before;
  sigaction(SIGALRM, &action, &old);
  if (uffd_open(&uffd, TINYVM_PAGES, seed, delay_ms)) {
    if (tinyvm_open(&vm, uffd.area) && pins_begin(&before)) {
      setitimer(ITIMER_REAL, &alarm, NULL);
      caps_print("kvm.interruptible", run_on(&vm, &uffd) ? "yes" : "no");
      setitimer(ITIMER_REAL, &none, NULL);
      pins_expect(&before, 0, 0);
      uffd_judge(&uffd, TINYVM_PAGES);
      for (size_t i = 0; i < TINYVM_PAGES; ++i) {
        if (page_at(uffd.area, i)[TINYVM_TO] != page_at(uffd.area, i)[TINYVM_FROM])
          ktap_fail("page %zu: wrong contents", i);
      }
      tinyvm_close(&vm);
    }
    uffd_close(&uffd);
  }
  sigaction(SIGALRM, &old, NULL);
}

int main(void) {
  static const enum buffer_kind pages = BUFFER_PAGES, thp = BUFFER_THP, hugetlb = BUFFER_HUGETLB,
                                memfd = BUFFER_MEMFD;
  static const struct ktap_case cases[] = {
      {"pages", memory, &pages},
      {"thp", memory, &thp},
      {"hugetlb", memory, &hugetlb},
      {"memfd", memory, &memfd},
      {"read_only_memory", read_only_memory, NULL},
      {"late_pages", late_pages, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
