// SPDX-License-Identifier: GPL-2.0
// Hinting faults of NUMA balancing: a page is moved to the node of the CPU that uses it (kernel/sched/fair.c,
// task_numa_work(); mm/memory.c, do_numa_page()).
#pragma once

#include <stdbool.h>
#include <stddef.h>

// A CPU of the other node uses `length` bytes at `addr`, and a page of its own that nobody holds, until the
// latter has moved there. Skips the running case when the machine has one node, or the kernel no such faults
// (NUMA_BALANCING), or when that page does not move in a few seconds.
bool hinting_attract(unsigned char* addr, size_t length);
