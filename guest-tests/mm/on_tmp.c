// SPDX-License-Identifier: GPL-2.0
// Carries out a selftest of the kernel, unchanged, in surroundings that it takes for granted: the block device's file
// system (the working directory) also at /tmp, and its own folder as the working directory on request.
//   on_tmp [--here] NAME ARG...
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static int cannot(const char* what) {
  printf("TAP version 13\nBail out! %s: %s\n", what, strerror(errno));
  return 1;
}

int main(int argc, char** argv) {
  char path[128];
  int first = argc > 1 && strcmp(argv[1], "--here") == 0 ? 2 : 1;
  if (argc <= first) return 2;
  snprintf(path, sizeof(path), "/tests/kernel/%s", argv[first]);
  if (access(path, X_OK) < 0) {
    printf("TAP version 13\n1..0 # SKIP the kernel tree has no %s\n", argv[first]);
    return 4;
  }
  // In a mount namespace of its own, so that no other test sees it.
  if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) return cannot("unshare");
  if (mount(".", "/tmp", NULL, MS_BIND, NULL) < 0) return cannot("binding the working directory to /tmp");
  if (first == 2 && chdir("/tests/kernel") < 0) return cannot("/tests/kernel");
  execv(path, argv + first);
  return cannot(path);
}
