// SPDX-License-Identifier: GPL-2.0
// access_remote_vm() (mm/memory.c): /proc/PID/mem and ptrace take plain references, one page at a time, and
// can write to read-only memory (FOLL_FORCE): debuggers set breakpoints this way.
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buffers.h"
#include "ktap.h"
#include "pins.h"
#include "proc.h"

enum { pages = 16, seed = 43, new_seed = 44, limit_ms = 20000 };

static int mem_open(pid_t pid) {
  char path[64];
  snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
  int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) ktap_fail("%s: %s", path, strerror(errno));
  return fd;
}

static off_t at(const void* addr) { return (off_t)(unsigned long)addr; }
// A child with the same addresses and its own pages, of the pattern `seed`; ends with 0 when told and they
// hold `new_seed`.
static pid_t start(struct buffer* buffer, struct rendezvous* to, struct rendezvous* from) {
  if (!rendezvous_open(to) || !rendezvous_open(from)) return -1;
  unsigned char byte;
  pid_t child = proc_fork();
  if (child == 0) {
    pattern_fill(buffer->addr, buffer->size, seed, 0);
    rendezvous_send(from, 1);
    if (!rendezvous_wait(to, &byte, limit_ms)) _exit(2);
    _exit(pattern_check(buffer->addr, buffer->size, new_seed, 0) >= 0);
  }
  if (child > 0 && !rendezvous_wait(from, &byte, limit_ms)) ktap_fail("the child does not start");
  return child;
}

static void other_process(const void* arg) {
  (void)arg;
  struct buffer there, here;
  struct rendezvous to, from;
  struct pins before;
  if (!buffer_get(&there, BUFFER_PAGES, pages * page_bytes())) return;
  if (!buffer_get(&here, BUFFER_PAGES, there.size)) return;
  pid_t child = start(&there, &to, &from);
  int fd = child > 0 ? mem_open(child) : -1;
  if (fd >= 0 && pins_begin(&before)) {
    if (pread(fd, here.addr, here.size, at(there.addr)) != (ssize_t)here.size ||
        pattern_check(here.addr, here.size, seed, 0) >= 0)
      ktap_fail("reading /proc/PID/mem does not give what the child wrote");
    pattern_fill(here.addr, here.size, new_seed, 0);
    if (pwrite(fd, here.addr, here.size, at(there.addr)) != (ssize_t)here.size)
      ktap_fail("pwrite: %s", strerror(errno));
    pins_expect(&before, 0, 0);
  }
  if (fd >= 0) close(fd);
  rendezvous_send(&to, 1);
  if (child > 0 && proc_reap(child, limit_ms) != 0) ktap_fail("the child does not see what was written");
  buffer_put(&there);
  buffer_put(&here);
}

// Private memory without write permission: the write goes into a copy of the page, and what it was copied
// from stays.
static void force_read_only(const void* arg) {
  (void)arg;
  struct pins before;
  unsigned char bytes[8], *text = mmap(NULL, page_bytes(), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  KTAP_REQUIRE(text != MAP_FAILED, "mmap: %s", strerror(errno));
  int fd = mem_open(getpid());
  if (fd < 0 || !pins_begin(&before)) return;
  pattern_fill(bytes, sizeof(bytes), new_seed, 0);
  if (pwrite(fd, bytes, sizeof(bytes), at(text)) != (ssize_t)sizeof(bytes))
    ktap_fail("pwrite: %s", strerror(errno));
  pins_expect(&before, 0, 0);
  if (pattern_check(text, sizeof(bytes), new_seed, 0) >= 0) ktap_fail("the written data is missing");
  close(fd);
  munmap(text, page_bytes());
}

// A program's text, mapped from its file: a breakpoint goes into a copy, the file must not change.
static void force_text(const void* arg) {
  (void)arg;
  unsigned char seen[SELFMAG];
  int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), fd = mem_open(getpid());
  unsigned char* text = mmap(NULL, page_bytes(), PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0);
  KTAP_REQUIRE(fd >= 0 && text != MAP_FAILED, "mmap: %s", strerror(errno));
  if (memcmp(text, ELFMAG, SELFMAG) != 0) ktap_fail("the mapping does not show the file");
  if (pwrite(fd, "pin", SELFMAG, at(text)) != SELFMAG) ktap_fail("pwrite: %s", strerror(errno));
  if (memcmp(text, "pin", SELFMAG) != 0) ktap_fail("the text does not change");
  if (pread(file, seen, SELFMAG, 0) != SELFMAG || memcmp(seen, ELFMAG, SELFMAG) != 0)
    ktap_fail("the file changes");
  munmap(text, page_bytes());
  close(fd);
  close(file);
}

// Shared memory may not be forced: others would see it (check_vma_flags()).
static void shared_is_refused(const void* arg) {
  (void)arg;
  int read_only = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  unsigned char* text = mmap(NULL, page_bytes(), PROT_READ, MAP_SHARED, read_only, 0);
  int fd = mem_open(getpid());
  KTAP_REQUIRE(fd >= 0 && text != MAP_FAILED, "mmap: %s", strerror(errno));
  ssize_t done = pwrite(fd, "pin", 3, at(text));
  if (done >= 0 || errno != EIO)
    ktap_fail("a write to a shared mapping of a read-only file: %zd, want EIO", done);
  munmap(text, page_bytes());
  close(fd);
  close(read_only);
}

static void ptrace_poke(const void* arg) {
  (void)arg;
  struct pins before;
  long* word = mmap(NULL, page_bytes(), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  KTAP_REQUIRE(word != MAP_FAILED, "mmap: %s", strerror(errno));
  pid_t child = proc_fork();
  if (child < 0) return;
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    raise(SIGSTOP);
    _exit(*word == 0x123456789aL ? 0 : 1);
  }
  waitpid(child, NULL, 0);
  ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_EXITKILL);
  if (pins_begin(&before)) {
    if (ptrace(PTRACE_POKEDATA, child, word, (void*)0x123456789aL) < 0)
      ktap_fail("POKEDATA: %s", strerror(errno));
    if (ptrace(PTRACE_PEEKDATA, child, word, NULL) != 0x123456789aL)
      ktap_fail("PEEKDATA gives something else");
    pins_expect(&before, 0, 0);
  }
  ptrace(PTRACE_DETACH, child, NULL, NULL);
  if (proc_reap(child, limit_ms) != 0) ktap_fail("the child does not see the word");
}

int main(void) {
  static const struct ktap_case cases[] = {
      {"other_process", other_process, NULL},
      {"force_read_only_memory", force_read_only, NULL},
      {"force_text", force_text, NULL},
      {"force_shared_refused", shared_is_refused, NULL},
      {"ptrace_read_only_memory", ptrace_poke, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
