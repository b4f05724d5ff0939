// SPDX-License-Identifier: GPL-2.0
// The kinds of memory that the contract is about. Their names are those of `memory:` in contract/suite.yaml.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "buffers.h"

enum memory_kind {
  MEMORY_ANON,          // anon: private base pages, written
  MEMORY_UNTOUCHED,     // untouched: private, never touched
  MEMORY_COW,           // cow: private and written, shared with a child that is alive
  MEMORY_ZERO,          // zero: private, only read: the zero page
  MEMORY_ZERO_THP,      // zero_thp: private, only read: the huge zero page
  MEMORY_THP,           // thp: transparent huge pages, mapped as such
  MEMORY_PTE_THP,       // pte_thp: transparent huge pages mapped by base pages
  MEMORY_THP_PAIR,      // thp_pair: two of them that are neighbors in physical memory too
  MEMORY_MTHP,          // mthp: folios of 64 KiB (contpte on arm64)
  MEMORY_HUGETLB,       // hugetlb: of the default huge page size
  MEMORY_HUGETLB_PAIR,  // hugetlb_pair: two of them that are neighbors in physical memory too
  MEMORY_HUGETLB_64K,   // hugetlb_64k, and so on: of another size
  MEMORY_HUGETLB_32M,
  MEMORY_HUGETLB_1G,
  MEMORY_MEMFD,          // memfd: a shared mapping of a memfd, written
  MEMORY_MEMFD_HOLE,     // memfd_hole: the same, never written
  MEMORY_MEMFD_HUGETLB,  // memfd_hugetlb: a memfd of huge pages
  MEMORY_MEMFD_THP,      // memfd_thp: shared memory in transparent huge pages
  MEMORY_SHUFFLED,       // shuffled: pages of one huge page of a memfd, mapped out of order
  MEMORY_FILE,           // file: a shared mapping of a file on ext4
  MEMORY_FSDAX,          // fsdax: a shared mapping of a file on persistent memory, written
  MEMORY_SECRET,         // secretmem: memfd_secret()
  MEMORY_KSM,            // ksm: merged pages
  MEMORY_PFNMAP,         // pfnmap: frames without a struct page, a device's memory
  MEMORY_DEVICE,         // device: zeros in device-private memory (TEST_HMM)
  MEMORY_GUARD,          // guard: guard pages in its second half
  MEMORY_KINDS
};

struct memory {
  enum memory_kind kind;
  unsigned char* addr;
  size_t size;           // bytes, at least as many as asked for
  size_t folio;          // bytes that one folio has, at least; page_bytes() for base pages
  struct buffer buffer;  // what is mapped, where a buffer is
  void* map;             // else
  size_t map_size;
  int fd;  // of the file or memfd, else -1
  int extra;
  pid_t child;
  char path[64];
};

const char* memory_name(enum memory_kind kind);
// MEMORY_KINDS for none.
enum memory_kind memory_of(const char* name);

// At least `size` bytes of that kind. False: the running case has been skipped (the kernel or the machine
// cannot) or failed. Always call memory_put().
bool memory_get(struct memory* memory, enum memory_kind kind, size_t size);
void memory_put(struct memory* memory);
// What the running case got last, if `addr` is in it, else NULL: for users that take a file instead of
// addresses, whose descriptor is memory_fd().
const struct memory* memory_at(const void* addr);
int memory_fd(const struct memory* memory);
// Compacts all of memory (vm.compact_memory). False: errno.
bool memory_compact(void);

// May its content be written by the test itself before it is taken (not: untouched, zero, zero_thp, a hole)?
bool memory_is_written(enum memory_kind kind);
// Bytes to ask for, so that there are two folios where they are large: at least `size`.
size_t memory_two_folios(enum memory_kind kind, size_t size);
// Is it a mapping of something that others see too?
bool memory_is_shared(enum memory_kind kind);
// Oracles without counters, after all is released: huge pages return to their pool, a memfd can be sealed.
// Unmaps the memory.
void memory_expect_free(struct memory* memory);
