// SPDX-License-Identifier: GPL-2.0
/* user:
what: "a fixed buffer of io_uring, registered, used for reads and writes of a memfd, and unregistered"
rows: [D9]
traits: [in, data, hold, longterm, charged, limited]
needs: {symbols: [IO_URING]}
not:
  longterm.file: "refused with EOPNOTSUPP by 6.1 and EFAULT later: longterm/file_backed asks it of both"
proof:
  - {mutant: m28-io-uring-coalesce-keeps, red: [pages.in.thp]}
  - {mutant: m215-io-uring-charges-one, red: [charge.exact.thp, charge.exact.mthp], pages: "0"}
  - {mutant: m217-io-uring-other-user, red: [charge.user.anon], pages: "0"}
  - {mutant: m223-io-uring-joins-folios, red: [data.in.thp_pair]}
*/
#include <errno.h>

#include "contract/fixed_user.h"

enum { most = 4 << 20 };

static bool open_user(void) { return fixed_device_open() && fixed_user_open(0); }

static void close_user(void) {
  fixed_user_close();
  fixed_device_close();
}

static long let_go(void) { return fixed_user_let_go(fixed_device_transfer); }

const struct user user_io_uring_fixed = {
    .ways = USER_IN,
    .open = open_user,
    .close = close_user,
    .take = fixed_user_take,
    .let_go = let_go,
    .store = fixed_device_store,
    .load = fixed_device_load,
    .counts = fixed_user_counts,
    .most = most,
    .longterm = true,
    .beyond = ENOMEM,
    .charge = CHARGE_VMPIN,
    .charged = fixed_user_charged,
};
