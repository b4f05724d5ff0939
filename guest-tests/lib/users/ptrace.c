// SPDX-License-Identifier: GPL-2.0
/* user:
what: "PTRACE_PEEKDATA and POKEDATA on a stopped process that shares this one's memory (CLONE_VM)"
rows: [G2, FOLL_FORCE]
traits: [in, out, data, carry, short]
claim: net_zero
not:
  readonly.in.anon: "private memory is written whatever its protection (FOLL_FORCE), for breakpoints"
  readonly.in.thp: "private memory is written whatever its protection (FOLL_FORCE)"
  readonly.in.mthp: "private memory is written whatever its protection (FOLL_FORCE)"
  readonly.in.hugetlb: "private memory is written whatever its protection (FOLL_FORCE), on 7.3 also hugetlb"
  readonly.part.anon: "private memory is written whatever its protection (FOLL_FORCE)"
  readonly.part.thp: "private memory is written whatever its protection (FOLL_FORCE)"
  readonly.part.mthp: "private memory is written whatever its protection (FOLL_FORCE)"
  never.taken.pfnmap: "registers of devices are read by access() of their mapping, without pages"
proof: {mutant: m14-gup-drops-lock-unasked, red: [fault.retried_in.untouched, fault.retried_out.untouched]}
*/
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "contract/local_end.h"
#include "contract/user.h"
#include "ktap.h"

static pid_t twin = -1;

static int wait_for_ever(void* arg) {
  (void)arg;
  for (;;) pause();
  return 0;
}

static bool open_user(void) {
  static _Alignas(16) unsigned char stack[16384];
  twin = clone(wait_for_ever, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL);
  if (twin < 0) return ktap_fail("clone: %s", strerror(errno));
  if (ptrace(PTRACE_SEIZE, twin, NULL, NULL) < 0 || ptrace(PTRACE_INTERRUPT, twin, NULL, NULL) < 0 ||
      waitpid(twin, NULL, 0) != twin)
    return ktap_fail("stopping a process: %s", strerror(errno));
  return local_end_open();
}

static void close_user(void) {
  if (twin > 0) {
    kill(twin, SIGKILL);
    waitpid(twin, NULL, 0);
  }
  twin = -1;
  local_end_close();
}

static long carry(enum way way, void* addr, size_t length) {
  size_t done = 0;
  for (; done < length; done += sizeof(long)) {
    long* word = (long*)(local_end + done);
    char* there = (char*)addr + done;
    errno = 0;
    if (way == WAY_OUT)
      *word = ptrace(PTRACE_PEEKDATA, twin, there, NULL);
    else
      ptrace(PTRACE_POKEDATA, twin, there, (void*)*word);
    if (errno) return done ? (long)done : -errno;
  }
  return (long)done;
}

const struct user user_ptrace = {
    .ways = USER_IN | USER_OUT,
    .open = open_user,
    .close = close_user,
    .mode = user_takes_references,
    .carry = carry,
    .store = local_end_store,
    .load = local_end_load,
    .align = sizeof(long),
    .most = 32 << 10,
    .refusal = EIO,
    .forced = true,
    .locked = true,
};
