// SPDX-License-Identifier: GPL-2.0
// Runs an unchanged selftest of the kernel whose stdout looks like a terminal, so that it is line-buffered.
// Into a pipe it would be fully buffered, and forked children would write the parent's unflushed output
// again: memfd_secret of 6.1 does (ksft_print_header() there does not change the buffering). The C library
// uses fstat() to detect a terminal; this program fakes its result, because the guests' kernel has no
// pseudo-terminals, and then detaches.
//   on_terminal NAME ARG...
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { terminals = 136 };  // major number of the first pseudo-terminals

static int cannot(const char* what) {
  printf("TAP version 13\nBail out! %s: %s\n", what, strerror(errno));
  return 1;
}

// The result buffer if this call is fstat() of standard output; 0: another call.
static unsigned long asks(const struct __ptrace_syscall_info* info) {
  if (info->op != PTRACE_SYSCALL_INFO_ENTRY || info->entry.args[0] != STDOUT_FILENO) return 0;
  if (info->entry.nr == SYS_fstat) return info->entry.args[1];
  return info->entry.nr == SYS_newfstatat ? info->entry.args[2] : 0;
}

static void answer(pid_t task, unsigned long at) {
  struct stat stat;
  struct iovec here = {&stat, sizeof(stat)}, there = {(void*)at, sizeof(stat)};
  if (process_vm_readv(task, &here, 1, &there, 1, 0) != (ssize_t)sizeof(stat)) return;
  stat.st_mode = S_IFCHR | 0600;
  stat.st_rdev = makedev(terminals, 0);
  if (process_vm_writev(task, &here, 1, &there, 1, 0) != (ssize_t)sizeof(stat)) perror("process_vm_writev");
}

// From its execve() to the answer, or to its end. The status that waitpid() gave last.
static int follow(pid_t task) {
  unsigned long at = 0;
  int status = 0;
  waitpid(task, &status, 0);
  ptrace(PTRACE_SETOPTIONS, task, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
  while (WIFSTOPPED(status)) {
    struct __ptrace_syscall_info info = {0};
    int sig = WSTOPSIG(status);
    if (sig == (SIGTRAP | 0x80)) {
      ptrace(PTRACE_GET_SYSCALL_INFO, task, sizeof(info), &info);
      if (at) {
        answer(task, at);
        ptrace(PTRACE_DETACH, task, NULL, NULL);
        break;
      }
      at = asks(&info);
    }
    ptrace(PTRACE_SYSCALL, task, NULL, (long)(sig == (SIGTRAP | 0x80) || sig == SIGTRAP ? 0 : sig));
    if (waitpid(task, &status, 0) < 0) break;
  }
  return status;
}

int main(int argc, char** argv) {
  char path[128];
  if (argc < 2) return 2;
  snprintf(path, sizeof(path), "/tests/kernel/%s", argv[1]);
  if (access(path, X_OK) < 0) {
    printf("TAP version 13\n1..0 # SKIP the kernel tree has no %s\n", argv[1]);
    return 4;
  }
  pid_t child = fork();
  if (child < 0) return cannot("fork");
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    execv(path, argv + 1);
    _exit(127);
  }
  int status = follow(child);
  if (WIFSTOPPED(status) && waitpid(child, &status, 0) < 0) return cannot("waitpid");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
