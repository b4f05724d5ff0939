// SPDX-License-Identifier: GPL-2.0
// Holds a system call that pins memory and copies to or from other memory of the process: the pages of
// its other end are missing, so that the copy waits in a page fault (userfaultfd) with what the call has
// pinned.
#pragma once

#include "contract/user.h"

// One system call between the tested memory and `other`: bytes, or -errno.
typedef long (*fault_gate_call)(enum way way, unsigned char* other, void* addr, size_t length);

// Skips the running case when the kernel has no userfaultfd. Always call fault_gate_close().
bool fault_gate_open(fault_gate_call call);
void fault_gate_close(void);
// As `take` and `let_go` of a user. The other end gets the bytes of local_end; what came there is copied
// back.
int fault_gate_take(enum way way, void* addr, size_t length);
long fault_gate_let_go(void);
