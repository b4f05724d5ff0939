// SPDX-License-Identifier: GPL-2.0
// Runs an unchanged selftest of the kernel in the environment that it expects: the block device's file system
// (the working directory) also at /tmp; with --here its own folder as the working directory, and the argument
// list of a program that it executes terminated. ksm_functional_tests of 6.12 forgets the NULL
// (test_prctl_fork_exec()): the memory after the list decides whether execve() fails, and then its child
// continues the tests, on the same output. With --sizes it reserves two huge pages of every size that has
// none. Those of 1 GiB should be reserved at boot: they are rarely available afterwards.
//   on_tmp [--here | --sizes] NAME ARG...
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int cannot(const char* what) {
  printf("TAP version 13\nBail out! %s: %s\n", what, strerror(errno));
  return 1;
}

// At the entry of execve(path, {program, word, ...}): the list ends there.
static void end_arguments(pid_t task) {
  struct __ptrace_syscall_info info;
  if (ptrace(PTRACE_GET_SYSCALL_INFO, task, sizeof(info), &info) <= 0 || info.op != PTRACE_SYSCALL_INFO_ENTRY)
    return;
  if (info.entry.nr != SYS_execve || info.entry.args[1] == 0) return;
  ptrace(PTRACE_POKEDATA, task, (char*)(unsigned long)info.entry.args[1] + 2 * sizeof(long), NULL);
}

// Runs `path`, and stops every process that it forks where that calls into the kernel, up to its execve().
static int traced(const char* path, char** argv) {
  int status = 0, code = 1;
  fflush(stdout);
  pid_t first = fork(), task;
  if (first < 0) return cannot("fork");
  if (first == 0) {
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    raise(SIGSTOP);
    execv(path, argv);
    _exit(cannot(path));
  }
  waitpid(first, &status, 0);
  const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
  ptrace(PTRACE_SETOPTIONS, first, NULL, options);
  ptrace(PTRACE_CONT, first, NULL, NULL);
  while ((task = waitpid(-1, &status, __WALL)) > 0) {
    if (task == first && WIFEXITED(status)) code = WEXITSTATUS(status);
    if (task == first && WIFSIGNALED(status)) code = 128 + WTERMSIG(status);
    if (!WIFSTOPPED(status)) continue;
    int sig = WSTOPSIG(status);
    if (sig == (SIGTRAP | 0x80)) end_arguments(task);
    // What is left to deliver are signals of its own, not our stops.
    bool ours = sig == (SIGTRAP | 0x80) || sig == SIGTRAP || sig == SIGSTOP;
    bool executed = status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8);
    ptrace(task == first || executed ? PTRACE_CONT : PTRACE_SYSCALL, task, NULL, (long)(ours ? 0 : sig));
  }
  return code;
}

static int reserve_sizes(void) {
  static const char sizes[] = "/sys/kernel/mm/hugepages";
  DIR* dir = opendir(sizes);
  if (dir == NULL) return cannot(sizes);
  for (const struct dirent* entry; (entry = readdir(dir)) != NULL;) {
    char path[320], have[32] = "";
    if (entry->d_name[0] == '.') continue;
    snprintf(path, sizeof(path), "%s/%s/nr_hugepages", sizes, entry->d_name);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0 || read(fd, have, sizeof(have) - 1) <= 0) return cannot(path);
    if (atoi(have) < 2 && pwrite(fd, "2", 1, 0) != 1) return cannot(path);
    close(fd);
  }
  closedir(dir);
  return 0;
}

int main(int argc, char** argv) {
  char path[128];
  bool here = argc > 1 && strcmp(argv[1], "--here") == 0, sizes = argc > 1 && strcmp(argv[1], "--sizes") == 0;
  int first = here || sizes ? 2 : 1;
  if (argc <= first) return 2;
  snprintf(path, sizeof(path), "/tests/kernel/%s", argv[first]);
  if (access(path, X_OK) < 0) {
    printf("TAP version 13\n1..0 # SKIP the kernel tree has no %s\n", argv[first]);
    return 4;
  }
  // In a mount namespace of its own, so that no other test sees it.
  if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
    return cannot("unshare");
  if (mount(".", "/tmp", NULL, MS_BIND, NULL) < 0) return cannot("binding the working directory to /tmp");
  if (sizes && reserve_sizes() != 0) return 1;
  if (here) return chdir("/tests/kernel") < 0 ? cannot("/tests/kernel") : traced(path, argv + first);
  execv(path, argv + first);
  return cannot(path);
}
