// SPDX-License-Identifier: GPL-2.0
#include "contract/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "contract/memory_maker.h"
#include "fsdax.h"
#include "ktap.h"
#include "proc.h"

static const struct memory* current;

static bool from_buffer(struct memory* memory, enum buffer_kind kind, size_t size) {
  if (!buffer_get(&memory->buffer, kind, size)) return false;
  memory->addr = memory->buffer.addr;
  memory->size = memory->buffer.size;
  return true;
}

static bool anon(struct memory* memory, size_t size) { return from_buffer(memory, BUFFER_PAGES, size); }

static bool untouched(struct memory* memory, size_t size) {
  if (!memory_map(memory, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1)) return false;
  madvise(memory->addr, memory->size, MADV_NOHUGEPAGE);
  return true;
}

// Every page is read, so that the zero page is mapped.
static bool zero(struct memory* memory, size_t size) {
  if (!untouched(memory, size)) return false;
  for (size_t at = 0; at < memory->size; at += page_bytes())
    (void)*(volatile unsigned char*)(memory->addr + at);
  return true;
}

// The child only waits to be killed; its pages are those of the parent until one of them writes.
static bool cow(struct memory* memory, size_t size) {
  if (!anon(memory, size)) return false;
  memory->child = proc_fork();
  if (memory->child == 0) {
    for (;;) pause();
  }
  return memory->child > 0;
}

static bool thp(struct memory* memory, size_t size) {
  memory->folio = thp_usable();
  return memory->folio > 0 && from_buffer(memory, BUFFER_THP, size);
}

// One page with another protection for a moment: the huge mapping is split, the folio is not.
static bool pte_thp(struct memory* memory, size_t size) {
  if (!thp(memory, size)) return false;
  for (size_t at = 0; at < memory->size; at += memory->folio) {
    unsigned char* page = memory->addr + at + page_bytes();
    if (mprotect(page, page_bytes(), PROT_READ) < 0 ||
        mprotect(page, page_bytes(), PROT_READ | PROT_WRITE) < 0)
      return ktap_fail("mprotect of one page of a huge page: %s", strerror(errno));
  }
  return true;
}

static bool hugetlb(struct memory* memory, size_t size) {
  memory->folio = hugetlb_bytes();
  memory->extra = (int)hugetlb_free();
  return from_buffer(memory, BUFFER_HUGETLB, size);
}

static bool memfd(struct memory* memory, size_t size) { return from_buffer(memory, BUFFER_MEMFD, size); }

static const struct maker {
  const char* name;
  bool (*make)(struct memory* memory, size_t size);
  bool written, shared;
} makers[MEMORY_KINDS] = {
    [MEMORY_ANON] = {"anon", anon, true, false},
    [MEMORY_UNTOUCHED] = {"untouched", untouched, false, false},
    [MEMORY_COW] = {"cow", cow, true, false},
    [MEMORY_ZERO] = {"zero", zero, false, false},
    [MEMORY_ZERO_THP] = {"zero_thp", memory_make_zero_thp, false, false},
    [MEMORY_THP] = {"thp", thp, true, false},
    [MEMORY_PTE_THP] = {"pte_thp", pte_thp, true, false},
    [MEMORY_THP_PAIR] = {"thp_pair", memory_make_thp_pair, true, false},
    [MEMORY_MTHP] = {"mthp", memory_make_mthp, true, false},
    [MEMORY_HUGETLB] = {"hugetlb", hugetlb, true, false},
    [MEMORY_HUGETLB_PAIR] = {"hugetlb_pair", memory_make_hugetlb_pair, true, false},
    [MEMORY_HUGETLB_64K] = {"hugetlb_64k", memory_make_hugetlb_64k, true, false},
    [MEMORY_HUGETLB_32M] = {"hugetlb_32m", memory_make_hugetlb_32m, true, false},
    [MEMORY_HUGETLB_1G] = {"hugetlb_1g", memory_make_hugetlb_1g, true, false},
    [MEMORY_MEMFD] = {"memfd", memfd, true, true},
    [MEMORY_MEMFD_HOLE] = {"memfd_hole", memory_make_memfd_hole, false, true},
    [MEMORY_MEMFD_HUGETLB] = {"memfd_hugetlb", memory_make_memfd_hugetlb, true, true},
    [MEMORY_MEMFD_THP] = {"memfd_thp", memory_make_memfd_thp, true, true},
    [MEMORY_SHUFFLED] = {"shuffled", memory_make_shuffled, true, true},
    [MEMORY_FILE] = {"file", memory_make_file, true, true},
    [MEMORY_FSDAX] = {"fsdax", memory_make_fsdax, true, true},
    [MEMORY_SECRET] = {"secretmem", memory_make_secret, true, true},
    [MEMORY_KSM] = {"ksm", memory_make_ksm, true, false},
    [MEMORY_PFNMAP] = {"pfnmap", memory_make_pfnmap, false, true},
    [MEMORY_DEVICE] = {"device", memory_make_device, false, false},
    [MEMORY_GUARD] = {"guard", memory_make_guard, true, false},
};

const char* memory_name(enum memory_kind kind) { return makers[kind].name; }

enum memory_kind memory_of(const char* name) {
  int kind = 0;
  while (kind < MEMORY_KINDS && strcmp(makers[kind].name, name) != 0) ++kind;
  return (enum memory_kind)kind;
}

bool memory_is_written(enum memory_kind kind) { return makers[kind].written; }

// Those of 32 MiB and 1 GiB are too large to ask for two.
size_t memory_two_folios(enum memory_kind kind, size_t size) {
  size_t folio = 0;
  if (kind == MEMORY_MTHP || kind == MEMORY_HUGETLB_64K)
    folio = 65536;
  else if (kind == MEMORY_HUGETLB || kind == MEMORY_MEMFD_HUGETLB)
    folio = hugetlb_bytes();
  else if (kind == MEMORY_THP || kind == MEMORY_MEMFD_THP || kind == MEMORY_PTE_THP ||
           kind == MEMORY_ZERO_THP)
    folio = thp_bytes() <= BUFFER_MOST_THP ? thp_bytes() : 0;
  return 2 * folio > size ? 2 * folio : size;
}

bool memory_is_shared(enum memory_kind kind) { return makers[kind].shared; }

bool memory_get(struct memory* memory, enum memory_kind kind, size_t size) {
  *memory = (struct memory){.kind = kind, .folio = page_bytes(), .map = MAP_FAILED, .fd = -1, .child = -1};
  memory->buffer = (struct buffer){.map = MAP_FAILED, .fd = -1};
  current = memory;
  return makers[kind].make(memory, size);
}

const struct memory* memory_at(const void* addr) {
  const unsigned char* at = addr;
  return current && at >= current->addr && at < current->addr + current->size ? current : NULL;
}

int memory_fd(const struct memory* memory) { return memory->fd >= 0 ? memory->fd : memory->buffer.fd; }

bool memory_compact(void) {
  const int fd = open("/proc/sys/vm/compact_memory", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool good = write(fd, "1", 1) == 1;
  const int error = errno;
  close(fd);
  errno = error;
  return good;
}

bool memory_map(struct memory* memory, size_t size, int protection, int flags, int fd) {
  memory->size = (size + page_bytes() - 1) / page_bytes() * page_bytes();
  memory->map_size = memory->size;
  memory->map = mmap(NULL, memory->size, protection, flags, fd, 0);
  memory->addr = memory->map;
  return memory->map != MAP_FAILED || ktap_fail("mmap of %s: %s", memory_name(memory->kind), strerror(errno));
}

static void end_child(struct memory* memory) {
  if (memory->child <= 0) return;
  kill(memory->child, SIGKILL);
  waitpid(memory->child, NULL, 0);
  memory->child = -1;
}

void memory_put(struct memory* memory) {
  end_child(memory);
  if (current == memory) current = NULL;
  buffer_put(&memory->buffer);
  if (memory->map != MAP_FAILED) munmap(memory->map, memory->map_size);
  if (memory->fd >= 0) close(memory->fd);
  if (memory->path[0]) unlink(memory->path);
  if (memory->kind == MEMORY_FSDAX) fsdax_unmount();
  memory_end_hugetlb(memory);
  memory->map = MAP_FAILED;
  memory->fd = -1;
  memory->path[0] = 0;
}

void memory_expect_free(struct memory* memory) {
  if (memory->kind == MEMORY_MEMFD) {
    buffer_seal(&memory->buffer);
  } else if (memory->kind == MEMORY_HUGETLB) {
    buffer_put(&memory->buffer);
    hugetlb_expect_free(memory->extra);
  }
}
