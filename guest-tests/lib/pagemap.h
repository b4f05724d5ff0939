// SPDX-License-Identifier: GPL-2.0
// Which physical page lies behind an address, and in which zone: the oracle for pages that a pin keeps in
// place, and that a long-term pin must migrate first. Needs CAP_SYS_ADMIN, else the kernel shows no page
// frame numbers.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Bits of /proc/kpageflags (include/uapi/linux/kernel-page-flags.h,
// Documentation/admin-guide/mm/pagemap.rst).
#define PAGEMAP_REFERENCED (1ull << 2)
#define PAGEMAP_KSM (1ull << 21)
#define PAGEMAP_THP (1ull << 22)
#define PAGEMAP_HWPOISON (1ull << 19)

// Page frame number behind `addr`, 0 when no page is mapped there (also: swapped out).
uint64_t pagemap_pfn(const void* addr);
bool pagemap_swapped(const void* addr);
// The same for every page of [addr, addr + length). Fails the running case when one is not mapped; `pfns` has
// room for length / page_bytes() of them.
bool pagemap_pfns(const void* addr, size_t length, uint64_t* pfns);
// The same for `count` pages; 0 where none is mapped.
void pagemap_look(const void* addr, size_t count, uint64_t* pfns);
// How many of the pages are elsewhere than in `pfns`.
size_t pagemap_moved(const void* addr, size_t length, const uint64_t* pfns);

// Flags of a page frame; 0 when they cannot be read.
uint64_t pagemap_flags(uint64_t pfn);
// The pages of the large folio (or huge page) that the frame belongs to, and its first frame; 1 page, `pfn`
// itself, when it belongs to none.
size_t pagemap_folio(uint64_t pfn, uint64_t* first);

// Is the frame in a ZONE_MOVABLE, by /proc/zoneinfo?
bool pagemap_movable_zone(uint64_t pfn);
// How many of the frames are.
size_t pagemap_in_movable(const uint64_t* pfns, size_t count);
// Does the machine have such a zone with memory in it?
bool pagemap_have_movable_zone(void);
