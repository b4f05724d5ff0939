// SPDX-License-Identifier: GPL-2.0
/* user:
what: "pin_user_pages_fast() with FOLL_LONGTERM, by the kernel's gup_test driver"
rows: [FOLL_PIN, FOLL_LONGTERM]
traits: [in, out, data, hold, longterm]
needs: {symbols: [GUP_TEST]}
not:
  data.in: "the driver never writes what it holds"
  data.long_in: "the driver never writes what it holds"
  dirty.swap: "the driver never writes what it holds"
  dirty.free: "the driver never writes what it holds"
  dirty.free_held: "the driver never writes what it holds"
proof:
  - {mutant: m56-unpin-pages-keeps-last, red: [pages.in.anon, pages.out.anon]}
  - {mutant: m212-longterm-fast-fsdax, red: [longterm.file.fsdax, longterm.file_out.fsdax]}
*/
#include "contract/gup_user.h"
#include "contract/user.h"

const struct user user_gup_fast = {
    .ways = USER_IN | USER_OUT,
    .open = gup_user_open,
    .close = gup_user_close,
    .take = gup_user_take_fast,
    .let_go = gup_user_let_go,
    .load = gup_user_load,
    .align = USER_WHOLE_PAGES,
    .longterm = true,
};
