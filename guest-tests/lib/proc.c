// SPDX-License-Identifier: GPL-2.0
#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ktap.h"
#include "patience.h"

pid_t proc_fork(void) {
  fflush(NULL);
  pid_t child = fork();
  if (child < 0) ktap_fail("fork: %s", strerror(errno));
  return child;
}

// Its wait status; -1 and a failed case when it had to be killed.
static int await_end(pid_t child, int limit_ms) {
  int pidfd = (int)syscall(SYS_pidfd_open, child, 0);
  struct pollfd ended = {pidfd, POLLIN, 0};
  bool late = pidfd >= 0 && poll(&ended, 1, patience_scaled(limit_ms)) == 0;
  if (pidfd >= 0) close(pidfd);
  if (late) kill(child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (late) {
    ktap_fail("child %d did not end within %d ms", (int)child, limit_ms);
    return -1;
  }
  return status;
}

void proc_end(pid_t child, int limit_ms) { await_end(child, limit_ms); }

int proc_reap(pid_t child, int limit_ms) {
  const int status = await_end(child, limit_ms);
  if (status == -1) return -1;
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  ktap_fail("child %d ended by signal %d", (int)child, WTERMSIG(status));
  return -1;
}

bool rendezvous_open(struct rendezvous* pipe) {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) < 0) return ktap_fail("pipe2: %s", strerror(errno));
  pipe->read_fd = fds[0];
  pipe->write_fd = fds[1];
  return true;
}

void rendezvous_close(struct rendezvous* pipe) {
  close(pipe->read_fd);
  close(pipe->write_fd);
}

bool rendezvous_send(const struct rendezvous* pipe, unsigned char byte) {
  return write(pipe->write_fd, &byte, 1) == 1;
}

bool rendezvous_wait(const struct rendezvous* pipe, unsigned char* byte, int limit_ms) {
  struct pollfd ready = {pipe->read_fd, POLLIN, 0};
  return poll(&ready, 1, patience_scaled(limit_ms)) == 1 && read(pipe->read_fd, byte, 1) == 1;
}

void rendezvous_linger(const struct rendezvous* pipe, int limit_ms) {
  unsigned char byte;
  if (!rendezvous_wait(pipe, &byte, limit_ms)) ktap_note("nobody told process %d to go", getpid());
}

ssize_t proc_vm_read(void* local, void* remote, size_t length) {
  struct iovec here = {local, length}, there = {remote, length};
  return process_vm_readv(getpid(), &here, 1, &there, 1, 0);
}

ssize_t proc_vm_write(void* local, void* remote, size_t length) {
  struct iovec here = {local, length}, there = {remote, length};
  return process_vm_writev(getpid(), &here, 1, &there, 1, 0);
}

void proc_drop_ipc_lock(void) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2];
  if (syscall(SYS_capget, &header, data) < 0) _exit(4);
  data[0].effective &= ~(1u << CAP_IPC_LOCK);
  if (syscall(SYS_capset, &header, data) < 0) _exit(4);
}

long long proc_vmstat(const char* name) {
  FILE* file = fopen("/proc/vmstat", "re");
  char line[128];
  long long value = -1;
  const size_t length = strlen(name);
  while (file && value < 0 && fgets(line, sizeof(line), file))
    if (strncmp(line, name, length) == 0) sscanf(line + length, " %lld", &value);
  if (file) fclose(file);
  return value;
}

long proc_status_kib(const char* name) {
  FILE* file = fopen("/proc/self/status", "re");
  char line[128];
  long kib = -1;
  size_t length = strlen(name);
  while (file && kib < 0 && fgets(line, sizeof(line), file))
    if (strncmp(line, name, length) == 0) sscanf(line + length, ": %ld kB", &kib);
  if (file) fclose(file);
  return kib;
}
