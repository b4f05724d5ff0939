// SPDX-License-Identifier: GPL-2.0
// UFFDIO_MOVE (since 6.8) moves private pages to another address, but not pinned ones, which it refuses:
// EBUSY. It must not try again and again: a process that shares the memory does it, which can be killed
// alone.
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "contract/memory.h"
#include "hold.h"
#include "ktap.h"
#include "pagemap.h"
#include "patience.h"

// The ABI since 6.8 (include/uapi/linux/userfaultfd.h).
struct move {
  __u64 to, from, length, mode;
  __s64 moved;
};
#define MOVE _IOWR(0xAA, 0x05, struct move)
#define FEATURE_MOVE (1ull << 16)

enum { pages = 4, seed = 88, answer_ms = 500, stack_bytes = 64 << 10 };

struct moving {
  int fd;
  struct move move;
};

static int move_it(void* arg) {
  struct moving* moving = arg;
  return ioctl(moving->fd, MOVE, &moving->move) < 0 ? errno : 0;
}

// The errno of the move, 0 when it was done, or -1 when it was still trying after a while.
static int move_bounded(struct moving* moving) {
  unsigned char* stack =
      mmap(NULL, stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  const pid_t child =
      stack == MAP_FAILED ? -1 : clone(move_it, stack + stack_bytes, CLONE_VM | SIGCHLD, moving);
  const long long end = clock_ms() + patience_scaled(answer_ms);
  int status = 0;
  bool killed = false;
  if (child < 0) return EAGAIN;
  while (waitpid(child, &status, WNOHANG) == 0) {
    if (clock_ms() > end && !killed) killed = kill(child, SIGKILL) == 0;
    sleep_ms(2);
  }
  munmap(stack, stack_bytes);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool prepare(struct moving* moving, const unsigned char* from, unsigned char* to, size_t length) {
  struct uffdio_api api = {.api = UFFD_API, .features = FEATURE_MOVE};
  struct uffdio_register range = {.range = {(uintptr_t)to, length}, .mode = UFFDIO_REGISTER_MODE_MISSING};
  *moving = (struct moving){.fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC),
                            .move = {.to = (uintptr_t)to, .from = (uintptr_t)from, .length = length}};
  return (moving->fd >= 0 && ioctl(moving->fd, UFFDIO_API, &api) == 0 &&
          ioctl(moving->fd, UFFDIO_REGISTER, &range) == 0) ||
         ktap_skip("UFFDIO_MOVE: %s (USERFAULTFD, since 6.8)", strerror(errno));
}

// `whole`: the folios as a whole, else some pages in the middle of one.
struct part {
  enum memory_kind kind;
  bool whole;
};

static void refused(const void* arg) {
  const struct part* part = arg;
  struct memory memory;
  struct hold hold;
  struct moving moving = {.fd = -1};
  uint64_t frames[pages];
  if (memory_get(&memory, part->kind, pages * page_bytes())) {
    const size_t length = part->whole ? memory.size : pages * page_bytes(), folio = memory.folio;
    unsigned char* from = memory.addr + (part->whole ? 0 : 2 * page_bytes());
    unsigned char* room =
        mmap(NULL, length + folio, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    unsigned char* to = room + (folio - (uintptr_t)room % folio) % folio;
    pattern_fill(from, pages * page_bytes(), seed, 0);
    if (hold_open(&hold, from, pages * page_bytes()) && prepare(&moving, from, to, length) &&
        pagemap_pfns(from, pages * page_bytes(), frames)) {
      const int error = move_bounded(&moving);
      ktap_note("UFFDIO_MOVE: %s", error < 0 ? "was still trying" : strerror(error));
      if (error < 0) ktap_fail("pinned pages are tried again and again instead of being refused");
      if (error == 0 || pagemap_moved(from, pages * page_bytes(), frames))
        ktap_fail("pinned pages were moved");
    }
    hold_close(&hold);
    if (moving.fd >= 0) close(moving.fd);
    munmap(room, length + folio);
  }
  memory_put(&memory);
}

int main(void) {
  static const struct part base = {MEMORY_ANON, true}, huge = {MEMORY_THP, true},
                           split = {MEMORY_PTE_THP, false}, middle = {MEMORY_MTHP, false};
  static const struct ktap_case cases[] = {
      {"base_pages", refused, &base},
      {"huge_page", refused, &huge},
      {"part_of_pte_mapped_huge_page", refused, &split},
      {"part_of_64k_folio", refused, &middle},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
