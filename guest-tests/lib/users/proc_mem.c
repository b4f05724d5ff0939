// SPDX-License-Identifier: GPL-2.0
/* user:
what: "reads and writes of /proc/self/mem"
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
proof:
  - {mutant: m14-gup-drops-lock-unasked, red: [fault.retried_in.untouched, fault.retried_out.untouched]}
  - {mutant: m219-force-ignores-uffd, red: [fault.write_protected.anon, fault.write_protected.thp]}
*/
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "contract/local_end.h"
#include "contract/user.h"
#include "ktap.h"

static int mem = -1;

static bool open_user(void) {
  mem = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
  if (mem < 0) return ktap_fail("/proc/self/mem: %s", strerror(errno));
  return local_end_open();
}

static void close_user(void) {
  if (mem >= 0) close(mem);
  mem = -1;
  local_end_close();
}

static long carry(enum way way, void* addr, size_t length) {
  const off_t at = (off_t)(unsigned long)addr;
  const ssize_t done = way == WAY_IN ? pwrite(mem, local_end, length, at) : pread(mem, local_end, length, at);
  return done < 0 ? -errno : done;
}

const struct user user_proc_mem = {
    .ways = USER_IN | USER_OUT,
    .open = open_user,
    .close = close_user,
    .mode = user_takes_references,
    .carry = carry,
    .store = local_end_store,
    .load = local_end_load,
    .most = 1 << 20,
    .refusal = EIO,
    .forced = true,
    .locked = true,
};
