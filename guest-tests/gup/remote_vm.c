// SPDX-License-Identifier: GPL-2.0
// process_vm_readv() and process_vm_writev() of another process: pin_user_pages_remote() pins the other
// process's pages, batch by batch (mm/process_vm_access.c), and releases them after each copy.
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "buffers.h"
#include "ktap.h"
#include "pins.h"
#include "proc.h"

enum { limit_ms = 20000, seed = 41, new_seed = 42 };

// A child that shares `buffer`'s address with us, but not its pages: it writes its own and waits until it is
// told.
struct peer {
  pid_t pid;
  struct rendezvous to, from;
};

static void live(const struct peer* peer, struct buffer* buffer) {
  unsigned char byte;
  pattern_fill(buffer->addr, buffer->size, seed, 0);
  rendezvous_send(&peer->from, 1);
  if (!rendezvous_wait(&peer->to, &byte, limit_ms)) _exit(2);
  _exit(pattern_check(buffer->addr, buffer->size, byte, 0) >= 0);
}

static bool peer_start(struct peer* peer, struct buffer* buffer) {
  unsigned char byte;
  if (!rendezvous_open(&peer->to) || !rendezvous_open(&peer->from)) return false;
  peer->pid = proc_fork();
  if (peer->pid == 0) live(peer, buffer);
  if (peer->pid > 0 && rendezvous_wait(&peer->from, &byte, limit_ms)) return true;
  return ktap_fail("the other process does not start");
}

static void peer_end(struct peer* peer, unsigned char expected) {
  rendezvous_send(&peer->to, expected);
  int code = proc_reap(peer->pid, limit_ms);
  if (code != 0) ktap_fail("the other process does not hold the pattern %u", expected);
  rendezvous_close(&peer->to);
  rendezvous_close(&peer->from);
}

struct access {
  enum buffer_kind kind;
  size_t pages;
  size_t offset, cut;  // bytes skipped at both ends
  bool write;
};

static void transfer(const struct access* access, struct peer* peer, struct buffer* remote,
                     struct buffer* local) {
  unsigned char* there = remote->addr + access->offset;
  size_t length = remote->size - access->offset - access->cut;
  struct iovec mine = {local->addr, length}, other = {there, length};
  struct pins before;
  pattern_fill(local->addr, length, new_seed, access->offset);
  if (!pins_begin(&before)) return;
  ssize_t done = access->write ? process_vm_writev(peer->pid, &mine, 1, &other, 1, 0)
                               : process_vm_readv(peer->pid, &mine, 1, &other, 1, 0);
  int error = errno;
  long long pages = (long long)pages_spanned(there, length);
  pins_expect(&before, pages, pages);
  KTAP_REQUIRE(done == (ssize_t)length, "%zd of %zu bytes: %s", done, length, strerror(error));
  if (!access->write && pattern_check(local->addr, length, seed, access->offset) >= 0)
    ktap_fail("what was read is not what the other process wrote");
}

static void remote(const void* arg) {
  const struct access* access = arg;
  struct buffer there, here;
  struct peer peer;
  if (!buffer_get(&there, access->kind, access->pages * page_bytes())) return;
  if (buffer_get(&here, BUFFER_PAGES, there.size) && peer_start(&peer, &there)) {
    transfer(access, &peer, &there, &here);
    // A write that skipped the ends does not cover the whole pattern: only complete writes are checked
    // completely.
    bool whole = access->offset == 0 && access->cut == 0;
    peer_end(&peer, access->write && whole ? new_seed : seed);
    buffer_put(&here);
  }
  buffer_put(&there);
}

// Half of it is not mapped: what is gets copied, and nothing stays pinned.
static void half_unmapped(const void* arg) {
  (void)arg;
  struct buffer there, here;
  struct pins before;
  const size_t size = 16 * page_bytes();
  if (!buffer_get(&there, BUFFER_PAGES, size) || !buffer_get(&here, BUFFER_PAGES, size)) return;
  pattern_fill(there.addr, size, seed, 0);
  munmap(there.addr + size / 2, size / 2);
  if (pins_begin(&before)) {
    ssize_t done = proc_vm_read(here.addr, there.addr, size);
    pins_expect(&before, 8, 8);
    if (done != (ssize_t)size / 2) ktap_fail("%zd bytes, want %zu", done, size / 2);
    if (pattern_check(here.addr, size / 2, seed, 0) >= 0) ktap_fail("wrong data");
  }
  buffer_put(&there);
  buffer_put(&here);
}

// Without write permission there, writing is refused (no FOLL_FORCE on this way).
static void read_only_refused(const void* arg) {
  (void)arg;
  struct buffer there, here;
  struct pins before;
  if (!buffer_get(&there, BUFFER_PAGES, page_bytes()) || !buffer_get(&here, BUFFER_PAGES, page_bytes()))
    return;
  mprotect(there.addr, there.size, PROT_READ);
  if (pins_begin(&before)) {
    ssize_t done = proc_vm_write(here.addr, there.addr, page_bytes());
    if (done >= 0 || errno != EFAULT) ktap_fail("%zd (%s), want EFAULT", done, strerror(errno));
    pins_expect(&before, 0, 0);
  }
  buffer_put(&there);
  buffer_put(&here);
}

int main(void) {
  static const struct access read16 = {BUFFER_PAGES, 16, 0, 0, false},
                             write16 = {BUFFER_PAGES, 16, 0, 0, true};
  static const struct access read_part = {BUFFER_PAGES, 4, 100, 200, false};
  static const struct access read_many = {BUFFER_PAGES, 700, 0, 0, false},
                             read_thp = {BUFFER_THP, 1, 0, 0, false};
  static const struct access write_thp = {BUFFER_THP, 1, 0, 0, true},
                             read_memfd = {BUFFER_MEMFD, 16, 0, 0, false};
  static const struct ktap_case cases[] = {
      {"read_16_pages", remote, &read16},
      {"write_16_pages", remote, &write16},
      {"read_inner_part", remote, &read_part},
      {"read_700_pages", remote, &read_many},
      {"read_thp", remote, &read_thp},
      {"write_thp", remote, &write_thp},
      {"read_memfd", remote, &read_memfd},
      {"half_unmapped", half_unmapped, NULL},
      {"read_only_refused", read_only_refused, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
