// SPDX-License-Identifier: GPL-2.0
// The other end of a user that copies, sends or reads: memory of this process that is not the tested one.
#pragma once

#include <stdbool.h>
#include <stddef.h>

// More than process_vm_readv() takes at once (process_vm_rw_single_vec(): 1024 pages).
enum { local_end_most = 5 << 20 };
extern unsigned char* local_end;

bool local_end_open(void);
void local_end_close(void);
bool local_end_store(const void* data, size_t length);
bool local_end_load(void* data, size_t length);
