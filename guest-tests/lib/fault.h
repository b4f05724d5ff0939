// SPDX-License-Identifier: GPL-2.0
// Fault injection (Documentation/fault-injection): the n-th allocation of this thread fails, or every bio to
// a block device ends with EIO. The settings belong to the whole machine, of which a test has the use alone.
#pragma once

#include <stdbool.h>

// Makes failslab and fail_page_alloc fail what /proc/thread-self/fail-nth asks for, sleeping allocations of
// single pages too, without a stack dump each. Skips the running case when the kernel lacks FAILSLAB,
// FAIL_PAGE_ALLOC or FAULT_INJECTION_DEBUG_FS.
bool fault_nth_ready(void);
// The nth allocation (1 = the next) that this thread makes from now on fails. Nothing that allocates should
// stand between this and the operation. Fails the running case when it cannot be set.
bool fault_nth_arm(int nth);
// Ends it. True when the fault has been injected; false: the thread made fewer allocations than that.
bool fault_nth_disarm(void);

// Calls `attempt(context, nth)` for nth = 1, 2, ... `limit`, each time to arm the nth fault, until one in
// which it was not injected any more. `attempt` says by its result whether it was, and fails the running case
// as it likes. Gives how many were, and fails the running case when the limit did not suffice.
int fault_walk(bool (*attempt)(void* context, int nth), void* context, int limit);
// The same for what allocates in every kernel: fails the running case, too, when no fault at all was
// injected.
int fault_each(bool (*attempt)(void* context, int nth), void* context, int limit);

// Of an attempt that gave `status`, 0 or -errno: true when it was refused for lack of memory. An allocation
// may be one that the kernel can do without, so that a fault need not be an error; any other status, and any
// without a fault, fails the running case.
bool fault_refused(int nth, bool injected, int status);

// Every bio that is submitted to the whole disk at `path` fails with EIO, until it is turned off; or all but
// the first `spare_bytes` bytes of them. Skips the running case when the kernel lacks FAIL_MAKE_REQUEST.
bool fault_requests_on(const char* path, long spare_bytes);
void fault_requests_off(const char* path);
