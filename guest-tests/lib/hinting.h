// SPDX-License-Identifier: GPL-2.0
// Hinting faults of NUMA balancing: a page is moved to the node of the CPU that uses it (kernel/sched/fair.c,
// task_numa_work(); mm/memory.c, do_numa_page()).
#pragma once

#include <stdbool.h>
#include <stddef.h>

// What this thread touches between the two is put on a node that its CPU is not on. Skips the running case
// when there is none.
bool hinting_begin(void);
void hinting_end(void);

// A CPU of another node uses `length` bytes at `addr`, touched since hinting_begin(), and a page of its own
// that nobody holds, until the latter has moved there. Ends what hinting_begin() began. Skips the running
// case when the kernel has no such faults (NUMA_BALANCING), or when that page does not move in a few seconds.
bool hinting_attract(unsigned char* addr, size_t length);
