// SPDX-License-Identifier: GPL-2.0
#include "account.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ktap.h"

enum { first_user = 20000 };

bool account_read(struct account* account) {
  FILE* file = fopen("/proc/self/status", "re");
  char line[128];
  *account = (struct account){-1, -1};
  while (file && fgets(line, sizeof(line), file)) {
    sscanf(line, "VmPin: %lld kB", &account->pin_kib);
    sscanf(line, "VmLck: %lld kB", &account->lock_kib);
  }
  if (file) fclose(file);
  return (account->pin_kib >= 0 && account->lock_kib >= 0) ||
         ktap_fail("/proc/self/status has no VmPin or VmLck: %s", strerror(errno));
}

bool account_become_limited(void) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2];
  const uid_t user = first_user + (uid_t)getpid();
  if (syscall(SYS_capget, &header, data) < 0 || prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0) return false;
  // The raw call: the C library would change every thread.
  if (syscall(SYS_setresuid, user, user, user) < 0) return false;
  data[0].effective = data[0].permitted & ~(1u << CAP_IPC_LOCK);
  data[1].effective = data[1].permitted;
  return syscall(SYS_capset, &header, data) == 0;
}

bool account_limit(rlim_t bytes) {
  const struct rlimit limit = {bytes, RLIM_INFINITY};
  return setrlimit(RLIMIT_MEMLOCK, &limit) == 0;
}
