// SPDX-License-Identifier: GPL-2.0
// MADV_POPULATE_READ and _WRITE, mlock() and MAP_POPULATE (mm/gup.c, faultin_page_range() and
// populate_vma_page_range()): pages are faulted in as if touched, without taking a reference (FOLL_TOUCH);
// failures are errors, not signals.
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "buffers.h"
#include "ktap.h"
#include "pagemap.h"
#include "pins.h"
#include "proc.h"
#include "uffd.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif
#ifndef EHWPOISON
#define EHWPOISON 133
#endif

enum { pages = 16, seed = 98, delay_ms = 300, late = 2, limit_ms = 20000 };

// Populates and measures; `error` is what must come of it.
static bool populate(void* addr, size_t length, bool write, int error) {
  struct pins before;
  if (!pins_begin(&before)) return false;
  int got = madvise(addr, length, write ? MADV_POPULATE_WRITE : MADV_POPULATE_READ) == 0 ? 0 : errno;
  // Needs the lock for writing: one that was left held is a deadlock of this very thread.
  void* page = mmap(NULL, page_bytes(), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) ktap_fail("mmap: %s", strerror(errno));
  munmap(page, page_bytes());
  pins_expect(&before, 0, 0);
  return got == error || ktap_fail("it gives \"%s\", want \"%s\"", strerror(got), strerror(error));
}

// Without a length only the advice is looked at.
static bool known(void) {
  return madvise(NULL, 0, MADV_POPULATE_READ) == 0 ||
         ktap_skip("MADV_POPULATE_READ: %s (since 5.14)", strerror(errno));
}

static size_t present(const unsigned char* addr, size_t length) {
  size_t count = 0;
  for (size_t at = 0; at < length; at += page_bytes()) count += pagemap_pfn(addr + at) != 0;
  return count;
}

struct range {
  enum buffer_kind kind;
  bool write;
};

// Reading private memory gives the zero page, which the first write replaces; what is there for writing
// stays.
static void write_to_it(const struct buffer* buffer, const struct range* range) {
  uint64_t frame = pagemap_pfn(buffer->addr);
  if (range->kind != BUFFER_MEMFD && buffer->addr[0] != 0) ktap_fail("new memory is not zero");
  buffer->addr[0] = 1;
  bool same = pagemap_pfn(buffer->addr) == frame;
  if (same != range->write)
    ktap_fail("the first write %s", same ? "goes to the zero page" : "faults a page in");
}

static void brought_in(const void* arg) {
  const struct range* range = arg;
  struct buffer buffer;
  long free_before = hugetlb_free();
  if (!known() || !buffer_get(&buffer, range->kind, pages * page_bytes())) return;
  if (madvise(buffer.addr, buffer.size, MADV_DONTNEED) < 0) ktap_fail("MADV_DONTNEED: %s", strerror(errno));
  size_t there = present(buffer.addr, buffer.size);
  if (there) ktap_fail("%zu pages are present already", there);
  if (populate(buffer.addr, buffer.size, range->write, 0)) {
    there = present(buffer.addr, buffer.size);
    if (there != buffer.size / page_bytes())
      ktap_fail("%zu of %zu pages are present", there, buffer.size / page_bytes());
    write_to_it(&buffer, range);
  }
  if (range->kind == BUFFER_MEMFD) buffer_seal(&buffer);
  buffer_put(&buffer);
  if (range->kind == BUFFER_HUGETLB) hugetlb_expect_free(free_before);
}

// A private mapping of a file gets copies; the file keeps what it has.
static void private_copies(const void* arg) {
  (void)arg;
  struct buffer file;
  if (!known() || !buffer_get(&file, BUFFER_MEMFD, pages * page_bytes())) return;
  pattern_fill(file.addr, file.size, seed, 0);
  unsigned char* own = mmap(NULL, file.size, PROT_READ | PROT_WRITE, MAP_PRIVATE, file.fd, 0);
  if (own == MAP_FAILED) ktap_fail("mmap: %s", strerror(errno));
  if (own != MAP_FAILED && populate(own, file.size, true, 0)) {
    for (size_t at = 0; at < file.size; at += page_bytes())
      if (pagemap_pfn(own + at) == pagemap_pfn(file.addr + at))
        ktap_fail("page %zu is the file's", at / page_bytes());
    if (pattern_check(own, file.size, seed, 0) >= 0) ktap_fail("the copies have other data");
    memset(own, 0x33, file.size);
    if (pattern_check(file.addr, file.size, seed, 0) >= 0) ktap_fail("the file was changed");
  }
  if (own != MAP_FAILED) munmap(own, file.size);
  buffer_seal(&file);
  buffer_put(&file);
}

struct refusal {
  int protection;  // of the second half
  bool write;
  enum { CLOSED, HOLE, PAST_END, POISONED } how;
  int error;
};

static void told(int number) { (void)number; }

// The kernel tells whoever poisons a page of his own at once, by a SIGBUS that cannot be ignored.
static bool poison_page(unsigned char* page) {
  struct sigaction ours = {.sa_handler = told}, before;
  sigaction(SIGBUS, &ours, &before);
  *page = 1;
  bool good = madvise(page, page_bytes(), MADV_HWPOISON) == 0;
  sigaction(SIGBUS, &before, NULL);
  return good;
}

static bool spoil(const struct refusal* refusal, struct buffer* buffer, unsigned char* half) {
  switch (refusal->how) {
    case CLOSED:
      return mprotect(half, buffer->size / 2, refusal->protection) == 0;
    case HOLE:
      return munmap(half, buffer->size / 2) == 0;
    case PAST_END:
      return ftruncate(buffer->fd, (off_t)(buffer->size / 2)) == 0;
    default:
      return poison_page(half);
  }
}

// The second half cannot be faulted in: the first is there nevertheless.
static void refused(const void* arg) {
  const struct refusal* refusal = arg;
  struct buffer buffer;
  const enum buffer_kind kind = refusal->how == PAST_END ? BUFFER_MEMFD : BUFFER_PAGES;
  if (!known() || !buffer_get(&buffer, kind, pages * page_bytes())) return;
  unsigned char* half = buffer.addr + buffer.size / 2;
  madvise(buffer.addr, buffer.size, MADV_DONTNEED);
  struct pins before;
  if (!pins_begin(&before)) return;
  if (!spoil(refusal, &buffer, half)) {
    ktap_fail("preparing: %s", strerror(errno));
  } else {
    pins_expect(&before, 0, 0);
    populate(buffer.addr, buffer.size, refusal->write, refusal->error);
    size_t there = present(buffer.addr, buffer.size / 2);
    if (there != pages / 2) ktap_fail("%zu of %d pages before the place are present", there, pages / 2);
  }
  buffer_put(&buffer);
}

// mlock() and MAP_POPULATE (populate_vma_page_range()): pages of closed memory stay where they are, and
// mlock() says so; those that can only be executed are faulted in (FOLL_FORCE).
static void locked(const void* arg) {
  const int* protection = arg;
  const size_t length = pages * page_bytes();
  const int error = *protection == PROT_NONE ? ENOMEM : 0;
  struct pins before;
  unsigned char* addr = mmap(NULL, length, *protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  KTAP_REQUIRE(addr != MAP_FAILED, "mmap: %s", strerror(errno));
  // Where the CPU has protection keys, one of them denies to read what may only be executed. Not so with key
  // 0.
  if (*protection == PROT_EXEC) syscall(SYS_pkey_mprotect, addr, length, *protection, 0);
  if (pins_begin(&before)) {
    const int got = mlock(addr, length) == 0 ? 0 : errno;
    if (got != error) ktap_fail("mlock() gives \"%s\", want \"%s\"", strerror(got), strerror(error));
    const size_t there = present(addr, length), want = error ? 0 : pages;
    if (there != want) ktap_fail("%zu pages are present, want %zu", there, want);
    pins_expect(&before, 0, 0);
  }
  munmap(addr, length);
}

// Private memory is written to at once: the page is the process's own before its first write, and what it
// shared with a child since fork() is copied.
static void locked_copies(const void* arg) {
  (void)arg;
  struct buffer buffer;
  struct rendezvous go;
  unsigned char byte;
  uint64_t frames[pages];
  if (!rendezvous_open(&go) || !buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes())) return;
  const pid_t child = proc_fork();
  if (child == 0) _exit(rendezvous_wait(&go, &byte, limit_ms) ? 0 : 2);
  if (child > 0 && pagemap_pfns(buffer.addr, pages * page_bytes(), frames)) {
    if (mlock(buffer.addr, pages * page_bytes()) < 0) ktap_fail("mlock: %s", strerror(errno));
    const size_t moved = pagemap_moved(buffer.addr, pages * page_bytes(), frames);
    if (moved != pages) ktap_fail("%zu of %d pages are the process's own", moved, pages);
    munlock(buffer.addr, pages * page_bytes());
  }
  rendezvous_send(&go, 1);
  if (child > 0 && proc_reap(child, limit_ms) != 0) ktap_fail("the child was never told to end");
  rendezvous_close(&go);
  buffer_put(&buffer);
  const size_t length = pages * page_bytes();
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE;
  buffer.addr = mmap(NULL, length, PROT_READ | PROT_WRITE, flags, -1, 0);
  KTAP_REQUIRE(buffer.addr != MAP_FAILED, "mmap: %s", strerror(errno));
  write_to_it(&buffer, &(struct range){BUFFER_PAGES, true});
  munmap(buffer.addr, length);
}

// The fault waits without the lock.
static void waits(const void* arg) {
  const bool* write = arg;
  struct uffd uffd;
  if (!known()) return;
  if (uffd_open(&uffd, late, seed, delay_ms) && populate(uffd.area, late * page_bytes(), *write, 0)) {
    uffd_judge(&uffd, late);
    if (pattern_check(uffd.area, late * page_bytes(), seed, 0) >= 0) ktap_fail("wrong data");
  }
  uffd_close(&uffd);
}

int main(void) {
  static const bool yes = true, no = false;
  static const struct range read_pages = {BUFFER_PAGES, false}, write_pages = {BUFFER_PAGES, true};
  static const struct range read_thp = {BUFFER_THP, false}, write_thp = {BUFFER_THP, true};
  static const struct range write_memfd = {BUFFER_MEMFD, true}, write_hugetlb = {BUFFER_HUGETLB, true};
  static const struct refusal closed = {PROT_NONE, false, CLOSED, EINVAL},
                              read_only = {PROT_READ, true, CLOSED, EINVAL};
  static const struct refusal hole = {0, true, HOLE, ENOMEM}, end = {0, true, PAST_END, EFAULT};
  static const struct refusal read_end = {0, false, PAST_END, EFAULT},
                              poison = {0, true, POISONED, EHWPOISON};
  static const int none = PROT_NONE, execute = PROT_EXEC;
  static const struct ktap_case cases[] = {
      {"read_pages", brought_in, &read_pages},
      {"write_pages", brought_in, &write_pages},
      {"read_thp", brought_in, &read_thp},
      {"write_thp", brought_in, &write_thp},
      {"write_memfd", brought_in, &write_memfd},
      {"write_hugetlb", brought_in, &write_hugetlb},
      {"write_private_copies", private_copies, NULL},
      {"refused_closed", refused, &closed},
      {"refused_read_only", refused, &read_only},
      {"refused_hole", refused, &hole},
      {"refused_past_the_end", refused, &end},
      {"refused_past_the_end_read", refused, &read_end},
      {"refused_poisoned", refused, &poison},
      {"read_waits_unlocked", waits, &no},
      {"write_waits_unlocked", waits, &yes},
      {"lock_closed", locked, &none},
      {"lock_executable", locked, &execute},
      {"lock_private_copies", locked_copies, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
