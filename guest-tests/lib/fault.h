// SPDX-License-Identifier: GPL-2.0
// Fault injection (Documentation/fault-injection): the n-th allocation of this thread fails, or every bio to
// a block device ends with EIO. The settings are global; a test has the machine to itself.
#pragma once

#include <stdbool.h>

// Makes failslab and fail_page_alloc obey /proc/thread-self/fail-nth, also for sleeping allocations of single
// pages, without stack dumps. Skips the running case when the kernel lacks FAILSLAB, FAIL_PAGE_ALLOC or
// FAULT_INJECTION_DEBUG_FS.
bool fault_nth_ready(void);
// The nth allocation (1 = the next) of this thread from now on fails. Do not allocate between this call and
// the operation. Fails the running case when it cannot be set.
bool fault_nth_arm(int nth);
// Disarms it. True when the fault was injected; false: the thread made fewer allocations.
bool fault_nth_disarm(void);

// For what is not part of the operation, such as a new connection: no fault is injected until
// fault_nth_resume() with the result, the allocations that are left until the fault (0: none is armed, or it
// was injected).
int fault_nth_pause(void);
void fault_nth_resume(int left);

// Calls `attempt(context, nth)` for nth = 1, 2, ... `limit`, each of which arms the nth fault, until one in
// which it was not injected. `attempt` returns whether it was, and may fail the running case. Returns the
// number of faults, and fails the running case when the limit was too low.
int fault_walk(bool (*attempt)(void* context, int nth), void* context, int limit);
// The same for code that allocates in every kernel: also fails the running case when no fault was injected.
int fault_each(bool (*attempt)(void* context, int nth), void* context, int limit);

// Of an attempt that gave `status`, 0 or -errno: true when it failed for lack of memory. The kernel may do
// without an allocation, so that a fault need not cause an error; any other status, and any without a fault,
// fails the running case.
bool fault_refused(int nth, bool injected, int status);

// Every page that this process asks for between the two is refused, for operations that try a second time.
// Skips the running case when the kernel lacks FAIL_PAGE_ALLOC; fails it when it cannot be armed.
bool fault_pages_ready(void);
bool fault_pages_arm(void);
void fault_pages_disarm(void);

// Every bio submitted to the whole disk at `path` fails with EIO, until turned off; or all but the first
// `spare_bytes` bytes of them. Skips the running case when the kernel lacks FAIL_MAKE_REQUEST.
bool fault_requests_on(const char* path, long spare_bytes);
void fault_requests_off(const char* path);
