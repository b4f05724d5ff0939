// SPDX-License-Identifier: GPL-2.0
// Memory with exactly countable pins. A page is counted once if it is private, written (exclusive to us),
// resident, and cannot be collapsed into a huge page; otherwise GUP-fast may take it twice and release it, or
// unshare it first.
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum buffer_kind {
  BUFFER_PAGES,    // base pages, MADV_NOHUGEPAGE
  BUFFER_THP,      // transparent huge pages, mapped as such
  BUFFER_HUGETLB,  // of the default huge page size
  BUFFER_MEMFD,    // a shared mapping of a memfd that can be sealed
};

struct buffer {
  unsigned char* addr;
  size_t size;
  void* map;  // what to unmap
  size_t map_size;
  int fd;  // of the memfd, else -1
};

// Transparent huge pages that are larger (512 MiB with pages of 64 KiB) are too large for our drives, files
// and guests.
#define BUFFER_MOST_THP (64u << 20)

size_t page_bytes(void);
// Size of a transparent huge page and of the default hugetlb page in bytes; 0 when the kernel has none.
size_t thp_bytes(void);
size_t hugetlb_bytes(void);
// thp_bytes() for a test that needs such pages; 0: the running case has been skipped.
size_t thp_usable(void);
// Pages of the default hugetlb pool that are free, or -1.
long hugetlb_free(void);
// Oracle without counters: fails the running case unless that many are free again within about a second. A
// page that is still held does not return to the pool.
bool hugetlb_expect_free(long pages);

// A written buffer of at least `size` bytes (huge ones: rounded up). Skips the running case when the kernel
// or the pool cannot give that kind, fails it when plain memory cannot be allocated.
bool buffer_get(struct buffer* buffer, enum buffer_kind kind, size_t size);
void buffer_put(struct buffer* buffer);

// Replaces the last pages of a buffer by private memory without pages, also again and again: to bring
// them in is what can fail half way, when the pages before them are pinned. False: the running case failed.
bool buffer_renew_tail(struct buffer* buffer, size_t pages);

// Base pages that `length` bytes at `addr` touch.
size_t pages_spanned(const void* addr, size_t length);

// Oracle without counters: after everything is unmapped, a memfd without extra page references can be sealed
// against writing; while any extra reference exists the kernel answers EBUSY (mm/memfd.c
// memfd_wait_for_pins). Unmaps the buffer, seals it and fails the running case if that is not possible within
// about a second.
bool buffer_seal(struct buffer* buffer);
// The opposite: unmaps the buffer and fails the running case if it can be sealed.
bool buffer_expect_held(struct buffer* buffer);

// Deterministic bytes: what belongs at `position` of the stream `seed`.
unsigned char pattern_byte(unsigned seed, size_t position);
void pattern_fill(unsigned char* to, size_t length, unsigned seed, size_t position);
// Position of the first byte that differs, or -1.
long pattern_check(const unsigned char* from, size_t length, unsigned seed, size_t position);
