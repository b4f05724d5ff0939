// SPDX-License-Identifier: GPL-2.0
// Children, and synchronization with them with time limits.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

// fork() after flushing stdio, so that nothing is printed twice. The child must leave through _exit().
pid_t proc_fork(void);

// Waits up to `limit_ms` for the child and returns its exit code; a child that is killed by a signal or by us
// after the limit fails the running case and gives -1.
int proc_reap(pid_t child, int limit_ms);
// Waits up to `limit_ms` for the child to end, however it does, and kills it after that, which fails the
// running case.
void proc_end(pid_t child, int limit_ms);

// A one-way pipe for single bytes.
struct rendezvous {
  int read_fd;
  int write_fd;
};
bool rendezvous_open(struct rendezvous* pipe);
void rendezvous_close(struct rendezvous* pipe);
// In a process whose purpose is to be there: until it is told to go, or `limit_ms` are over.
void rendezvous_linger(const struct rendezvous* pipe, int limit_ms);
bool rendezvous_send(const struct rendezvous* pipe, unsigned char byte);
// False when nothing came within `limit_ms` or the other end is closed.
bool rendezvous_wait(const struct rendezvous* pipe, unsigned char* byte, int limit_ms);

// Takes CAP_IPC_LOCK from the calling process, a child's: what it pins is limited from now on. Exits with 4
// when that fails.
void proc_drop_ipc_lock(void);
// A line of /proc/vmstat, or -1. What CPUs have counted and not yet folded is missing (pins_sample() folds
// it).
long long proc_vmstat(const char* name);
// A line of /proc/self/status in kB ("VmLck", "VmPin"), or -1.
long proc_status_kib(const char* name);

// process_vm_readv and process_vm_writev on ourselves: the kernel pins the pages of `remote`
// (mm/process_vm_access.c) and copies. Bytes copied, or -1 with errno.
ssize_t proc_vm_read(void* local, void* remote, size_t length);
ssize_t proc_vm_write(void* local, void* remote, size_t length);
