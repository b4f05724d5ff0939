// SPDX-License-Identifier: GPL-2.0
// Stops a CPU at a place in the kernel until told to let it go on: races that are made instead of waited for.
// needs: {cpus: 3}.
//
// A held CPU answers no interrupt. CPU 0 has the test's main thread, the agent and the devices' interrupts;
// CPUs 1 and 2 can be held. While one is, do nothing on CPU 0 that waits for all of them: no reading of the
// pin counters (vm.stat_refresh), no synchronize_rcu(), no TLB flush of a process that runs there, no page
// fault in a process that is held with its mmap_lock. So the main thread is not in the process that races. A
// CPU that is held for more than 45 s is released, and the case fails.
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { held_cpu_one = 1, held_cpu_two = 2 };

// Calls `attempt` until every CPU that it waited for was held, three times at most: a kernel thread on that
// CPU may have to wait itself for one that is held already (a TLB flush, an instruction that is patched).
// Only what the last one waits for in vain fails the case.
void held_cpu_attempts(void (*attempt)(const void* arg), const void* arg);

// Moves the caller to CPU 0. Skips the running case when there are fewer than three.
bool held_cpu_begin(void);
// Moves the calling thread to `cpu`, without waiting for that.
bool held_cpu_move_to(int cpu);

// The next time that `cpu` reaches `place` ("SYMBOL", "SYMBOL+0xOFFSET" or "FILE:LINE" of the kernel), it is
// held there, once. Skips the running case when this kernel has no such function.
bool held_cpu_arm(const char* place, int cpu);
// The same for all of `places` that this kernel has. Skips the running case when it has none of them.
bool held_cpu_arm_any(const char* const* places, size_t count, int cpu);
// Waits up to `limit_ms`, scaled to the speed of the guest by the host, until a CPU is held in one of
// `places`, and notes which. NULL: the running case has failed, or there will be another attempt.
const char* held_cpu_wait_any(const char* const* places, size_t count, int limit_ms);
bool held_cpu_wait(const char* place, int limit_ms);
// Lets it go on, or disarms the place.
bool held_cpu_release(const char* place);
// Releases and disarms everything that is left, and moves the caller back to all CPUs.
void held_cpu_end(void);
