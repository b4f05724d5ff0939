// SPDX-License-Identifier: GPL-2.0
// Private to memory*.c: the kinds that need more than a mapping.
#pragma once

#include "contract/memory.h"

// Maps `size` bytes, rounded up to pages, as all of `memory`. False: the running case has failed.
bool memory_map(struct memory* memory, size_t size, int protection, int flags, int fd);

// The same at a multiple of `align`, a power of two, and as many bytes as `align` makes of `size`.
bool memory_map_aligned(struct memory* memory, size_t size, size_t align, int flags, int fd);

bool memory_make_zero_thp(struct memory* memory, size_t size);
// Exactly two huge pages, whatever `size` is.
bool memory_make_thp_pair(struct memory* memory, size_t size);
bool memory_make_hugetlb_pair(struct memory* memory, size_t size);
bool memory_make_mthp(struct memory* memory, size_t size);
// Huge pages of one size; what the pool lacks is added to it, and memory_end_hugetlb() removes that again.
bool memory_make_hugetlb_64k(struct memory* memory, size_t size);
bool memory_make_hugetlb_32m(struct memory* memory, size_t size);
bool memory_make_hugetlb_1g(struct memory* memory, size_t size);
void memory_end_hugetlb(const struct memory* memory);
bool memory_make_memfd_hole(struct memory* memory, size_t size);
bool memory_make_memfd_hugetlb(struct memory* memory, size_t size);
bool memory_make_memfd_thp(struct memory* memory, size_t size);
bool memory_make_shuffled(struct memory* memory, size_t size);
bool memory_make_file(struct memory* memory, size_t size);
bool memory_make_fsdax(struct memory* memory, size_t size);
bool memory_make_secret(struct memory* memory, size_t size);
bool memory_make_ksm(struct memory* memory, size_t size);
bool memory_make_pfnmap(struct memory* memory, size_t size);
bool memory_make_device(struct memory* memory, size_t size);
bool memory_make_guard(struct memory* memory, size_t size);
