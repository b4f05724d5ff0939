// SPDX-License-Identifier: GPL-2.0
// Negative control of the counters: memory that the kernel reaches without pinning must not move them.
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buffers.h"
#include "ktap.h"
#include "pins.h"
#include "proc.h"

enum { pages = 16 };

// mm/gup.c: up to 5.15 try_grab_page() takes the zero page like any other; since 6.5, and in the back-ports
// to 6.1, is_zero_page() exempts it.
static bool zero_page_is_counted_by_version(void) {
  struct utsname kernel;
  int major = 0, minor = 0;
  if (uname(&kernel) < 0 || sscanf(kernel.release, "%d.%d", &major, &minor) != 2)
    ktap_fail("no version in what uname() says: %s", kernel.release);
  return major < 6 || (major == 6 && minor < 1);
}

static void zero_page_is_not_counted(const void* arg) {
  (void)arg;
  struct buffer zero, local;
  struct pins before;
  if (!buffer_get(&local, BUFFER_PAGES, pages * page_bytes())) return;
  if (!buffer_get(&zero, BUFFER_PAGES, pages * page_bytes())) return;
  madvise(zero.addr, zero.size, MADV_DONTNEED);
  unsigned sum = 0;
  for (size_t i = 0; i < zero.size; i += page_bytes()) sum += ((volatile unsigned char*)zero.addr)[i];
  if (!pins_begin(&before)) return;
  ssize_t got = proc_vm_read(local.addr, zero.addr, zero.size);
  if (got != (ssize_t)zero.size || sum != 0) ktap_fail("process_vm_readv gave %zd: %s", got, strerror(errno));
  long long counted = zero_page_is_counted_by_version() ? pages : 0;
  pins_expect(&before, counted, counted);
  buffer_put(&zero);
  buffer_put(&local);
}

// get_user_pages_remote() takes plain references (case 4 of Documentation/core-api/pin_user_pages.rst).
static void proc_mem_is_not_counted(const void* arg) {
  (void)arg;
  struct buffer from, to;
  struct pins before;
  if (!buffer_get(&from, BUFFER_PAGES, pages * page_bytes())) return;
  if (!buffer_get(&to, BUFFER_PAGES, pages * page_bytes())) return;
  pattern_fill(from.addr, from.size, 2, 0);
  int fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
  KTAP_REQUIRE(fd >= 0, "/proc/self/mem: %s", strerror(errno));
  if (pins_begin(&before)) {
    ssize_t got = pread(fd, to.addr, to.size, (off_t)(unsigned long)from.addr);
    if (got != (ssize_t)to.size || pattern_check(to.addr, to.size, 2, 0) >= 0)
      ktap_fail("reading /proc/self/mem gave %zd: %s", got, strerror(errno));
    pins_expect(&before, 0, 0);
  }
  close(fd);
  buffer_put(&from);
  buffer_put(&to);
}

static void ptrace_is_not_counted(const void* arg) {
  (void)arg;
  struct buffer word;
  struct pins before;
  if (!buffer_get(&word, BUFFER_PAGES, page_bytes())) return;
  pattern_fill(word.addr, sizeof(long), 3, 0);
  pid_t child = proc_fork();
  if (child < 0) return;
  if (child == 0) {
    // Stops itself; a tracer that dies takes it along (PTRACE_O_EXITKILL is set below).
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    raise(SIGSTOP);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_EXITKILL);
  if (!WIFSTOPPED(status)) ktap_fail("the child did not stop: status %#x", status);
  if (pins_begin(&before)) {
    errno = 0;
    long got = ptrace(PTRACE_PEEKDATA, child, word.addr, NULL);
    if (errno != 0 || memcmp(&got, word.addr, sizeof(got)) != 0)
      ktap_fail("PTRACE_PEEKDATA: %s", strerror(errno));
    if (ptrace(PTRACE_POKEDATA, child, word.addr, (void*)~got) < 0)
      ktap_fail("PTRACE_POKEDATA: %s", strerror(errno));
    pins_expect(&before, 0, 0);
  }
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
  buffer_put(&word);
}

// A shared futex looks its page up by GUP, for the struct page alone.
static void futex_is_not_counted(const void* arg) {
  (void)arg;
  struct buffer word;
  struct pins before;
  if (!buffer_get(&word, BUFFER_PAGES, page_bytes())) return;
  memset(word.addr, 0, 4);
  if (pins_begin(&before)) {
    for (int i = 0; i < pages; ++i) {
      if (syscall(SYS_futex, word.addr, FUTEX_WAKE, 1, NULL, NULL, 0) != 0)
        ktap_fail("FUTEX_WAKE: %s", strerror(errno));
    }
    pins_expect(&before, 0, 0);
  }
  buffer_put(&word);
}

// vmsplice() holds the pages themselves while they are in the pipe.
static void vmsplice_is_not_counted(const void* arg) {
  (void)arg;
  struct buffer buffer;
  struct pins before;
  struct rendezvous pipe;
  if (!rendezvous_open(&pipe) || !buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes())) return;
  if (pins_begin(&before)) {
    struct iovec vec = {buffer.addr, buffer.size};
    ssize_t got = vmsplice(pipe.write_fd, &vec, 1, SPLICE_F_NONBLOCK);
    if (got <= 0) ktap_fail("vmsplice gave %zd: %s", got, strerror(errno));
    pins_expect(&before, 0, 0);
  }
  rendezvous_close(&pipe);
  buffer_put(&buffer);
}

// The struct page alone, to say on which node it is.
static void move_pages_is_not_counted(const void* arg) {
  (void)arg;
  struct buffer buffer;
  struct pins before;
  void* addresses[pages];
  int nodes[pages];
  if (!buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes())) return;
  for (size_t i = 0; i < pages; ++i) addresses[i] = buffer.addr + i * page_bytes();
  if (pins_begin(&before)) {
    long failed = syscall(SYS_move_pages, 0, (unsigned long)pages, addresses, NULL, nodes, 0);
    if (failed != 0 && errno == ENOSYS) ktap_skip("no move_pages() in this kernel (NUMA, MIGRATION)");
    if (failed != 0 && errno != ENOSYS) ktap_fail("move_pages: %s", strerror(errno));
    for (int i = 0; failed == 0 && i < pages; ++i)
      if (nodes[i] < 0) ktap_fail("page %d is on node %d", i, nodes[i]);
    pins_expect(&before, 0, 0);
  }
  buffer_put(&buffer);
}

int main(void) {
  static const struct ktap_case cases[] = {
      {"zero_page", zero_page_is_not_counted, NULL}, {"proc_mem", proc_mem_is_not_counted, NULL},
      {"ptrace", ptrace_is_not_counted, NULL},       {"futex", futex_is_not_counted, NULL},
      {"vmsplice", vmsplice_is_not_counted, NULL},   {"move_pages", move_pages_is_not_counted, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
