// SPDX-License-Identifier: GPL-2.0
#include "contract/gup_user.h"

#include <errno.h>
#include <linux/ioctl.h>
#include <linux/types.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "contract/local_end.h"
#include "gupdrv.h"
#include "ktap.h"

// Since 6.4 (mm/gup_test.h).
struct hold {
  __u64 addr, size;
  __u32 flags;
};
#define HOLD _IOW('g', 7, struct hold)
#define RELEASE _IO('g', 8)
#define COPY _IOW('g', 9, __u64)
enum { HOLD_WRITE = 1, HOLD_FAST = 2 };

static int driver = -1;
static bool held, reads;

bool gup_user_open(void) {
  held = false;
  driver = gupdrv_open();
  if (driver < 0 || !local_end_open()) return false;
  return ioctl(driver, RELEASE, 0) == 0 || ktap_skip("a gup_test driver without long-term pins");
}

void gup_user_close(void) {
  if (driver >= 0) close(driver);
  driver = -1;
  held = false;
  local_end_close();
}

static int take(enum way way, void* addr, size_t length, __u32 flags) {
  struct hold hold = {(__u64)(unsigned long)addr, length, flags | (way == WAY_IN ? HOLD_WRITE : 0)};
  const int error = ioctl(driver, HOLD, &hold) < 0 ? -errno : 0;
  held = error == 0;
  reads = way == WAY_OUT;
  return error;
}

int gup_user_take_slow(enum way way, void* addr, size_t length) { return take(way, addr, length, 0); }
int gup_user_take_fast(enum way way, void* addr, size_t length) { return take(way, addr, length, HOLD_FAST); }

long gup_user_let_go(void) {
  __u64 to = (__u64)(unsigned long)local_end;
  if (!held) return 0;
  held = false;
  const int copied = reads ? ioctl(driver, COPY, &to) : 0, error = errno;
  if (ioctl(driver, RELEASE, 0) < 0) return -errno;
  return copied < 0 ? -error : 0;
}

bool gup_user_copy(void* to) {
  __u64 address = (__u64)(unsigned long)to;
  return ioctl(driver, COPY, &address) == 0 || ktap_fail("copying what is pinned: %s", strerror(errno));
}

bool gup_user_load(void* data, size_t length) { return local_end_load(data, length); }
