// SPDX-License-Identifier: GPL-2.0
// vmsplice() takes plain references (FOLL_GET) for reading. For a private page shared with a child it takes
// the shared page; when the other process unmaps it, this process is the only owner and writes in place, and
// the reader of the pipe sees data that it should not. An ordinary page with more references than mappings is
// copied on write; for a hugetlb page only the mappings count, in every kernel so far: the four expected
// failures of the kernel's own cow for each size of huge pages.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "buffers.h"
#include "ktap.h"
#include "proc.h"

enum { secret = 0x5c, public = 0x21, limit_ms = 20000 };

struct row {
  enum buffer_kind kind;
  enum { IN_CHILD, BEFORE_FORK, AFTER_FORK } when;
  bool protect;  // the mapping is made read-only and writable again: the page tables look different
};

static bool splice_page(const struct buffer* buffer, int pipe_in) {
  struct iovec vec = {buffer->addr, page_bytes()};
  return vmsplice(pipe_in, &vec, 1, 0) == (ssize_t)page_bytes();
}

static unsigned char read_byte(int pipe_out) {
  unsigned char page[65536] = {0};
  return read(pipe_out, page, page_bytes()) == (ssize_t)page_bytes() ? page[0] : 0;
}

// The child splices and unmaps; the parent writes; the child must read the old byte. Its exit code: that
// byte.
static void child_holds(const struct buffer* buffer, const struct row* row, unsigned char* seen) {
  struct rendezvous ready, go;
  unsigned char byte;
  int fds[2];
  if (!rendezvous_open(&ready) || !rendezvous_open(&go) || pipe2(fds, O_CLOEXEC) < 0) return;
  pid_t child = proc_fork();
  if (child == 0) {
    bool good = splice_page(buffer, fds[1]) && munmap(buffer->map, buffer->map_size) == 0;
    rendezvous_send(&ready, good);
    bool asked = rendezvous_wait(&go, &byte, limit_ms);
    _exit(good && asked ? read_byte(fds[0]) : 0);
  }
  if (row->protect) {
    mprotect(buffer->addr, buffer->size, PROT_READ);
    mprotect(buffer->addr, buffer->size, PROT_READ | PROT_WRITE);
  }
  if (child > 0 && (!rendezvous_wait(&ready, &byte, limit_ms) || !byte)) ktap_fail("the child cannot splice");
  memset(buffer->addr, secret, page_bytes());
  rendezvous_send(&go, 1);
  *seen = child > 0 ? (unsigned char)proc_reap(child, limit_ms) : 0;
}

// The parent splices and unmaps; the child writes; the parent must read the old byte.
static void parent_holds(const struct buffer* buffer, const struct row* row, unsigned char* seen) {
  struct rendezvous ready, go;
  unsigned char byte;
  int fds[2];
  if (!rendezvous_open(&ready) || !rendezvous_open(&go) || pipe2(fds, O_CLOEXEC) < 0) return;
  if (row->when == BEFORE_FORK && !splice_page(buffer, fds[1])) ktap_fail("vmsplice: %s", strerror(errno));
  pid_t child = proc_fork();
  if (child == 0) {
    if (!rendezvous_wait(&go, &byte, limit_ms)) _exit(1);
    memset(buffer->addr, secret, page_bytes());
    rendezvous_send(&ready, 1);
    _exit(0);
  }
  if (row->when == AFTER_FORK && !splice_page(buffer, fds[1])) ktap_fail("vmsplice: %s", strerror(errno));
  munmap(buffer->map, buffer->map_size);
  rendezvous_send(&go, 1);
  if (child > 0 && !rendezvous_wait(&ready, &byte, limit_ms)) ktap_fail("the child does not write");
  *seen = read_byte(fds[0]);
  if (child > 0 && proc_reap(child, limit_ms) != 0) ktap_fail("the child did not get to its end");
}

static void row(const void* arg) {
  const struct row* row = arg;
  struct buffer buffer;
  unsigned char seen = 0;
  if (!buffer_get(&buffer, row->kind, page_bytes())) return;
  memset(buffer.addr, public, buffer.size);
  (row->when == IN_CHILD ? child_holds : parent_holds)(&buffer, row, &seen);
  bool leaked = seen == secret;
  if (!leaked && seen != public) ktap_fail("the pipe holds %#x", seen);
  if (row->kind == BUFFER_HUGETLB && leaked)
    ktap_xfail("vmsplice() of hugetlb memory takes plain references");
  if (row->kind == BUFFER_HUGETLB && !leaked) ktap_xpass("hugetlb memory is unshared");
  if (row->kind != BUFFER_HUGETLB && leaked) ktap_fail("the other process's write is visible");
  if (row->when == IN_CHILD) buffer_put(&buffer);
}

int main(void) {
  static const struct row rows[] = {
      {BUFFER_HUGETLB, IN_CHILD, false},    {BUFFER_HUGETLB, IN_CHILD, true},
      {BUFFER_HUGETLB, BEFORE_FORK, false}, {BUFFER_HUGETLB, AFTER_FORK, false},
      {BUFFER_PAGES, IN_CHILD, false},      {BUFFER_PAGES, AFTER_FORK, false},
      {BUFFER_THP, IN_CHILD, false},        {BUFFER_THP, AFTER_FORK, false},
  };
  static const struct ktap_case cases[] = {
      {"hugetlb_in_child", row, &rows[0]},    {"hugetlb_in_child_mprotect", row, &rows[1]},
      {"hugetlb_before_fork", row, &rows[2]}, {"hugetlb_after_fork", row, &rows[3]},
      {"pages_in_child", row, &rows[4]},      {"pages_after_fork", row, &rows[5]},
      {"thp_in_child", row, &rows[6]},        {"thp_after_fork", row, &rows[7]},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
