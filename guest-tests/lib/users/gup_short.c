// SPDX-License-Identifier: GPL-2.0
/* user:
what: "pin_user_pages_fast() and unpinning at once, page by page, by the kernel's gup_test driver"
rows: [FOLL_PIN]
traits: [in, out, carry, short]
needs: {symbols: [GUP_TEST]}
proof: {mutant: m56-unpin-pages-keeps-last, red: [pages.in.anon, pages.out.anon]}
*/
#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "contract/user.h"
#include "gupdrv.h"

static int driver = -1;

static bool open_user(void) {
  driver = gupdrv_open();
  return driver >= 0;
}

static void close_user(void) {
  if (driver >= 0) close(driver);
  driver = -1;
}

static long carry(enum way way, void* addr, size_t length) {
  struct gup_request request = {.addr = (unsigned long)addr,
                                .size = length,
                                .pages_per_call = 1,
                                .flags = way == WAY_IN ? GUP_WRITE : 0};
  if (ioctl(driver, PIN_FAST, &request) < 0) return -errno;
  return request.size ? (long)request.size : -EFAULT;
}

const struct user user_gup_short = {
    .ways = USER_IN | USER_OUT,
    .open = open_user,
    .close = close_user,
    .carry = carry,
    .align = USER_WHOLE_PAGES,
};
